import { RDSDataClient } from "@aws-sdk/client-rds-data";
import { DataApiDatabase } from "../../core/images/database/data-api-database.ts";
import { eventually } from "../flows/eventually.ts";
import type { Wire } from "../flows/tripwire.ts";
import { picture, type Step, TroubledFlow } from "./images/troubled-flow.ts";
import { all, faultTest, type Random } from "./seeds.ts";

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
  await expireClaims();
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

/** As time does: a claim lasts until the end of the timeout of the process that has it. */
async function expireClaims(): Promise<void> {
  const { clusterArn, databaseSecretArn: secretArn, databaseName: database } = flow.images.outputs;
  const giveUpAt = Date.now() + 60_000;
  const client = new RDSDataClient({});
  const direct = new DataApiDatabase({ client, clusterArn, secretArn, database, giveUpAt });
  await direct.execute("update claims set expires_at = now() - interval '1 second'");
  client.destroy();
}
