import { eventually } from "../flows/eventually.ts";
import type { Wire } from "../flows/tripwire.ts";
import { poisonFiles, unusualFiles } from "./images/odd-files.ts";
import { picture, type Step, TroubledFlow } from "./images/troubled-flow.ts";
import { all, chosen, faultTest, type Random } from "./seeds.ts";

jest.setTimeout(3_600_000);

/** Long enough for a step that is not harmed. */
const redeliverySeconds = 5;

let flow: TroubledFlow;
beforeAll(async () => {
  flow = await TroubledFlow.start();
});
beforeEach(() => flow.stack.arm({ functionName: "" }));
afterEach(async () => {
  await flow.failModel();
  await flow.failVoyage();
  await flow.redeliverSoon(undefined);
});
afterAll(() => flow.stop());

let names = 0;
function newName(): string {
  names += 1;
  return `image-${names}.png`;
}

/** The calls to AWS of a step's new process for one image. */
async function callsOf(step: Step): Promise<readonly string[]> {
  await flow.endProcesses(step);
  await flow.stack.arm({ functionName: flow.functionOf(step) });
  await flow.put(newName(), await picture());
  await flow.settled();
  return (await flow.stack.armed()).calls;
}

describe("F55: a process that is killed leaves nothing undone and nothing doubled", () => {
  for (const step of ["processor", "analyzer", "embedder"] as const) {
    const at = all ? "before and after each of its calls" : "at one of its calls";
    faultTest(`the ${step}, ${at}`, async (random) => {
      const calls = await callsOf(step);
      expect(calls.length).toBeGreaterThan(2);
      await flow.redeliverSoon(redeliverySeconds);
      for (const moment of momentsOf(calls, random)) {
        await survivesKill(step, moment, calls).catch((error: Error) => {
          error.message = `Killed ${moment.effect} call ${moment.nth} of ${calls}: ${error.message}`;
          throw error;
        });
      }
    });
  }
});

/** What happens to an image, and when. */
interface Change {
  readonly step: Step;
  /** Held before this call, by its name and position among the calls of that name. */
  readonly before: readonly [action: string, position: number];
  readonly becomes: "overwritten" | "deleted";
}

const changes: readonly Change[] = (["overwritten", "deleted"] as const).flatMap((becomes) => [
  { step: "processor", before: ["s3:PutObject", 0], becomes },
  { step: "processor", before: ["events:PutEvents", 0], becomes },
  { step: "analyzer", before: ["rds-data:BeginTransaction", 0], becomes },
  { step: "analyzer", before: ["events:PutEvents", 0], becomes },
  { step: "embedder", before: ["rds-data:ExecuteStatement", 1], becomes },
]);

describe("F56: an image that changes in mid-flow ends as its newest version", () => {
  for (const change of chosen(changes, 2)) {
    const { step, before, becomes } = change;
    faultTest(`${becomes} while the ${step} is before ${before[0]}`, async () => {
      const calls = await callsOf(step);
      const nth = positionOf(calls, before);
      // The position is that of a new process.
      await flow.endProcesses(step);
      await flow.stack.arm({ functionName: flow.functionOf(step), nth, effect: "before", does: "holds" });
      const name = newName();
      await flow.put(name, await picture());
      await eventually(60, async () => expect((await flow.stack.armed()).isTripped).toBe(true));
      const former = await flow.itemOf(name);
      if (becomes === "deleted") await flow.delete(name);
      else await flow.put(name, await picture());
      await eventually(60, async () => {
        expect((await flow.itemOf(name))?.content_sha256).not.toBe(former?.content_sha256);
      });
      // What the change leads to comes first, all of it.
      await flow.othersSettled(step);
      await flow.stack.arm({ functionName: "" });
      await flow.settled();
      if (becomes === "deleted") {
        expect(await flow.itemOf(name)).toBeUndefined();
        expect(await flow.renditionsOf(name)).toEqual([]);
        return;
      }
      const held = await flow.held(name);
      const [newest] = held.analyses;
      expect(held.item).toMatchObject({ analysis_id: newest?.id, embedded_analysis_id: newest?.id });
      expect(await flow.paidFor(held)).toBe(1);
      expect(await flow.renditionsOf(name)).toHaveLength(2);
    });
  }
});

function positionOf(calls: readonly string[], [action, position]: Change["before"]): number {
  const positions = calls.flatMap((call, index) => (call === action ? [index + 1] : []));
  const nth = positions[position];
  if (nth === undefined) throw new Error(`There is no call ${position} of ${action} among ${calls}.`);
  return nth;
}

faultTest(
  "F56: the events of two versions count in the order of the versions, however they arrive",
  async () => {
    const name = newName();
    await flow.withoutPolling("processor", async () => {
      await flow.put(name, await picture());
      await flow.put(name, await picture());
      const [first = "", second = ""] = await flow.takeMessages("processor", 2);
      await flow.send("processor", second);
      await flow.resumePolling("processor");
      await flow.settled();
      // The late one, and what SQS and EventBridge may deliver twice.
      for (const body of [first, second, first]) await flow.send("processor", body);
    });
    await flow.settled();
    const held = await flow.held(name);
    expect(held.analyses).toHaveLength(1);
    expect(await flow.paidFor(held)).toBe(1);
    expect(await flow.renditionsOf(name)).toHaveLength(2);
  },
);

faultTest(
  "F58: files that are no images are listed with their reason, and unusual images are images",
  async () => {
    const [poison, unusual] = [await poisonFiles(), await unusualFiles()];
    for (const [name, { bytes }] of Object.entries(poison)) await flow.put(name, bytes);
    for (const [name, bytes] of Object.entries(unusual)) await flow.put(name, bytes);
    await eventually(180, async () => {
      expect(Object.keys(await flow.failures()).sort()).toEqual(
        Object.keys(poison)
          .map((name) => `demo/${name}`)
          .sort(),
      );
    });
    const reasons = await flow.failures();
    for (const [name, { reason }] of Object.entries(poison)) {
      expect(reasons[`demo/${name}`]).toMatch(reason);
      expect(await flow.itemOf(name)).toBeUndefined();
    }
    for (const name of Object.keys(poison)) await flow.delete(name);
    await flow.settled();
    for (const name of Object.keys(unusual)) expect((await flow.held(name)).analyses).toHaveLength(1);
    await flow.stack.command("failed", "image-uploads-dead-letters", "--purge", "--yes");
  },
);

/** A new image gets one analysis, for which one answer is paid, and nothing fails. */
async function isAnalyzedOnce(): Promise<void> {
  const name = newName();
  await flow.put(name, await picture());
  await flow.settled();
  const held = await flow.held(name);
  expect(held.analyses).toHaveLength(1);
  expect(await flow.paidFor(held)).toBe(1);
  expect(await flow.failures()).toEqual({});
}

describe("F57: what goes wrong with the model and passes costs one answer", () => {
  const status = (status: number, retryAfterSeconds?: number) => ({
    kind: "status",
    status,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
  const passing: Readonly<Record<string, { readonly fault: object; readonly times?: number }>> = {
    "429 with Retry-After": { fault: status(429, 1) },
    "500 twice": { fault: status(500), times: 2 },
    "529 twice": { fault: status(529), times: 2 },
    "a connection that breaks off": { fault: { kind: "breaks off" } },
    // These two take minutes: a back-off, and the timeout of a request.
    "500 until the message is redelivered": { fault: status(500), times: 4 },
    "no answer at all": { fault: { kind: "hangs" } },
  };
  for (const kind of all ? Object.keys(passing) : ["429 with Retry-After", "500 twice"]) {
    faultTest(kind, async () => {
      await flow.failModel(passing[kind] ?? { fault: {} });
      await isAnalyzedOnce();
    });
  }

  faultTest("an answer that is cut is asked for once more, with more room", async () => {
    await flow.failModel({ fault: { kind: "cut" } });
    const name = newName();
    await flow.put(name, await picture());
    await flow.settled();
    const held = await flow.held(name);
    expect(held.analyses).toHaveLength(1);
    expect(await flow.paidFor(held)).toBe(2);
  });
});

faultTest(
  "F58: refusals and answers that are no analyses are paid for once, listed with their reason, and replayed",
  async () => {
    await flow.failModel(
      { fault: { kind: "refusal", explanation: "I do not describe noise." } },
      { fault: { kind: "text", text: "Here is what I see: noise." } },
      { fault: { kind: "text", text: '{"category":"noise"}' } },
    );
    const unusable = [newName(), newName(), newName()];
    for (const name of unusable) await flow.put(name, await picture());
    const reasons = await eventually(120, async () => {
      const listed = await flow.failures();
      expect(Object.keys(listed).sort()).toEqual(unusable.map((name) => `demo/${name}`).sort());
      return Object.values(listed).join("\n");
    });
    expect(reasons).toContain("I do not describe noise.");
    expect(reasons).toContain("it is not JSON");
    expect(reasons).toContain("summary");
    for (const name of unusable) expect((await flow.held(name)).analyses).toEqual([]);
    await flow.stack.command("failed", "image-analysis-dead-letters", "--retry", "--wait", "0");
    await flow.settled();
    for (const name of unusable) {
      const held = await flow.held(name);
      expect(held.analyses).toHaveLength(1);
      // The unusable answer and the one of the replay.
      expect(await flow.paidFor(held)).toBe(2);
    }
    expect(await flow.failures()).toEqual({});
  },
);

faultTest("F58: a document that the provider refuses is listed with its reason, and replayed", async () => {
  // At each of three receives: the document, and then the text that tells whether it is the document's fault.
  const receive = [{ fault: { kind: "status", status: 400 } }, { fault: { kind: "slow", milliseconds: 0 } }];
  await flow.failVoyage(...receive, ...receive, ...receive);
  const name = newName();
  await flow.put(name, await picture());
  await eventually(120, async () => {
    const { id } = (await flow.held(name)).item;
    expect(await flow.failures()).toEqual({ [id]: expect.stringMatching(/refused/) });
  });
  await flow.stack.command("failed", "image-embedding-dead-letters", "--retry", "--wait", "0");
  await flow.settled();
  expect(await flow.paidFor(await flow.held(name))).toBe(1);
  expect(await flow.failures()).toEqual({});
});

faultTest(
  "F59: a database that resumes after a pause is waited for, and nothing is asked twice",
  async () => {
    await flow.pauseDatabase(all ? 40 : 5);
    await isAnalyzedOnce();
  },
);

type Moment = Pick<Wire, "nth" | "effect">;

function momentsOf(calls: readonly string[], random: Random): readonly Moment[] {
  const moments = calls.flatMap((_, index) =>
    (["before", "after"] as const).map((effect) => ({ nth: index + 1, effect })),
  );
  return all ? moments : [random.one(moments)];
}

async function survivesKill(step: Step, moment: Moment, calls: readonly string[]): Promise<void> {
  await flow.endProcesses(step);
  const name = newName();
  await flow.stack.arm({ functionName: flow.functionOf(step), does: "kills", ...moment });
  await flow.put(name, await picture());
  await eventually(60, async () => expect((await flow.stack.armed()).isTripped).toBe(true));
  await flow.passTime();
  await flow.settled();
  const held = await flow.held(name);
  expect(held.analyses.map(({ version }) => version)).toEqual([1]);
  expect(await flow.renditionsOf(name)).toHaveLength(2);
  expect(await flow.paidFor(held)).toBe(step === "analyzer" ? payments(moment, calls) : 1);
}

/** Nothing but an answer that is stored is kept: it is paid for again if the process ends between. */
function payments({ nth, effect }: Moment, calls: readonly string[]): number {
  // The limiter is asked before the model, and given back what was not used after its answer.
  const answered = 1 + calls.lastIndexOf("dynamodb:UpdateItem");
  const committed = 1 + calls.indexOf("rds-data:CommitTransaction");
  const isStored = nth > committed || (nth === committed && effect === "after");
  return nth >= answered && !isStored ? 2 : 1;
}
