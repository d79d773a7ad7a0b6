import { randomUUID } from "node:crypto";
import { deltaKey } from "../../../core/deltas/keys.ts";
import { ingestMessages } from "../../../core/ingest/ingest-messages.ts";
import { Stage } from "../../unit/ingest/stage.ts";
import { Tables } from "../../unit/runs/tables.ts";

let tables: Tables;

beforeAll(async () => {
  tables = await Tables.start();
});
afterAll(() => tables.stop());

class Killed extends Error {}

/** A process that dies at its nth call to the world, before the call takes effect or right after it did. */
interface Death {
  readonly call: number;
  readonly effect: "before" | "after";
}

/** The services of one invocation; nothing that it does after its death reaches the world. */
function dying(stage: Stage, death: Death) {
  let calls = 0;
  const die = () => {
    throw new Killed(`killed ${death.effect} call ${death.call}`);
  };
  const mortal = <Service extends object>(service: Service): Service =>
    new Proxy(service, {
      get:
        (target, name) =>
        async (...input: unknown[]) => {
          calls += 1;
          if (calls > death.call || (calls === death.call && death.effect === "before")) die();
          const answer = await (Reflect.get(target, name) as (...input: unknown[]) => unknown).apply(
            target,
            input,
          );
          return calls >= death.call ? die() : answer;
        },
    });
  const { services } = stage;
  return {
    died: () => calls >= death.call,
    services: {
      ...services,
      s3: mortal(services.s3),
      runs: mortal(services.runs),
      deltas: mortal(services.deltas),
      queues: mortal(services.queues),
    },
  };
}

/** F1: every run that exists has both its deltas in storage. */
async function expectDeltasOfEveryRun(stage: Stage, imageId: string): Promise<void> {
  const runs = (await tables.items("receipts")).filter((item) => item.image_id === imageId);
  for (const run of runs) {
    expect(await stage.deltas.get(deltaKey(String(run.lines_delta_prefix)))).toBeDefined();
    expect(await stage.deltas.get(deltaKey(String(run.words_delta_prefix)))).toBeDefined();
  }
}

interface Story {
  /** The message under test, after whatever came before it. */
  readonly begin: (stage: Stage, imageId: string) => Promise<unknown>;
  /** What has to be true once the message was delivered again. */
  readonly end: (stage: Stage, imageId: string) => Promise<void>;
}

/** Tells the story once for every call that the invocation makes, with a death there. Returns how often. */
async function withEveryDeath({ begin, end }: Story, effect: Death["effect"]): Promise<number> {
  for (let call = 1; ; call++) {
    const stage = new Stage(tables);
    const imageId = randomUUID();
    const delivery = stage.delivery(await begin(stage, imageId), 300);
    const { services, died } = dying(stage, { call, effect });
    await ingestMessages([delivery], services);
    await expectDeltasOfEveryRun(stage, imageId);
    await stage.ingest(delivery);
    await expectDeltasOfEveryRun(stage, imageId);
    await end(stage, imageId);
    if (!died()) return call - 1;
  }
}

async function expectOpen(stage: Stage, imageId: string, attempt: number): Promise<string> {
  const receipt = { imageId, receiptId: 1 };
  const current = await stage.runs.current(receipt);
  expect(current).toMatchObject({ revision: 300, state: "ACTIVE", attempt });
  const run = await stage.runs.find({ ...receipt, runId: current?.runId ?? "" });
  expect(run).toMatchObject({
    attempts: attempt,
    halves: { lines: { state: "PENDING" }, words: { state: "PENDING" } },
  });
  expect(await tables.openRuns()).toContain(`${run?.createdAt}#${run?.runId}`);
  return run?.runId ?? "";
}

const firstContent: Story = {
  begin: async (stage, imageId) => stage.receipt(["CAFE", "TOTAL"], imageId),
  end: async (stage, imageId) => {
    await expectOpen(stage, imageId, 1);
    expect(stage.sent.size).toBe(0);
  },
};

const backToFirstContent: Story = {
  begin: async (stage, imageId) => {
    const message = stage.receipt(["CAFE", "TOTAL"], imageId);
    await stage.ingest(stage.delivery(message, 100));
    const current = await stage.runs.current({ imageId, receiptId: 1 });
    const run = { imageId, receiptId: 1, runId: current?.runId ?? "" };
    for (const collection of ["lines", "words"] as const) {
      await stage.runs.start(run, collection, 1);
      await stage.runs.complete(run, collection, 1, 2);
    }
    await stage.ingest(stage.delivery(stage.receipt(["BAR"], imageId), 200));
    return message;
  },
  end: async (stage, imageId) => {
    const runId = await expectOpen(stage, imageId, 2);
    expect([...stage.sent.keys()].sort()).toEqual([`lines.fifo ${runId}-2`, `words.fifo ${runId}-2`]);
    expect(stage.embeddedTexts).toBe(6);
  },
};

describe.each(["before", "after"] as const)("an invocation that dies right %s any of its calls", (effect) => {
  test("is finished by the redelivered message: the run is current, open and listed (F1, F5)", async () => {
    expect(await withEveryDeath(firstContent, effect)).toBeGreaterThanOrEqual(8);
  });

  test("is finished when it re-opens an older run: each queue has the message, nothing is paid again (F5, F12)", async () => {
    expect(await withEveryDeath(backToFirstContent, effect)).toBeGreaterThanOrEqual(9);
  });
});
