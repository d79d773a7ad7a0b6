import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { generationName } from "../../../core/collections/generations/generation-name.ts";
import { moveHead, PublishConflictError, readHead } from "../../../core/collections/generations/head.ts";
import { acquireLease, type Lease, LeaseLostError } from "../../../core/collections/lease/lease.ts";
import type { Clock } from "../../../core/resilience/clock.ts";
import { ManualClock } from "../../unit/resilience/clocks.ts";
import { Tables } from "../../unit/runs/tables.ts";

jest.setTimeout(60_000);

const leaseMs = 10_000;
const impatient = { waitMs: 0, maxWaitMs: 0 };
const key = { PK: "COLLECTION#lines", SK: "HEAD" };

let tables: Tables;
beforeEach(async () => {
  tables = await Tables.start();
});
afterEach(() => tables.stop());

function options(clock: Clock, client = tables.client) {
  return { client, controlTable: tables.controlTable, shard: "lines" as const, clock, leaseMs };
}

async function held(clock: Clock, client = tables.client): Promise<Lease> {
  const lease = await acquireLease(options(clock, client), { waitMs: 60_000, maxWaitMs: 60_000 });
  if (!lease) throw new Error("The lease should be free.");
  return lease;
}

async function item() {
  const { Item } = await tables.client.send(new GetCommand({ TableName: tables.controlTable, Key: key }));
  return Item;
}

/** Publishes without asking the lease's own clock: only the conditional write stands in the way. */
function publish(lease: Lease, from: Awaited<ReturnType<typeof readHead>>, client = tables.client) {
  const generation = (from?.generation ?? 0) + 1;
  const to = { generation, name: generationName(generation, lease.token), base: from?.name ?? null };
  return moveHead({ client, controlTable: tables.controlTable, shard: "lines", lease, from, to });
}

function head() {
  return readHead(tables.client, tables.controlTable, "lines");
}

/** A client whose next update is done, while its answer says that the condition refused it: a repeated write. */
function losingOneAnswer(): DynamoDBDocumentClient {
  let lost = false;
  const send = async (command: UpdateCommand) => {
    const answer = await tables.client.send(command);
    if (lost || !(command instanceof UpdateCommand)) return answer;
    lost = true;
    throw new ConditionalCheckFailedException({ message: "refused", $metadata: {} });
  };
  return { send } as unknown as DynamoDBDocumentClient;
}

/** A client to which something happens before each time that it tries to take the lease. */
function beforeTaking(happens: () => Promise<void>): DynamoDBDocumentClient {
  const send = async (command: UpdateCommand) => {
    const isTaking =
      command instanceof UpdateCommand && /_owner = :owner,/.test(command.input.UpdateExpression ?? "");
    if (isTaking) await happens();
    return tables.client.send(command);
  };
  return { send } as unknown as DynamoDBDocumentClient;
}

describe("the lease of a collection", () => {
  test("every taking has a higher token", async () => {
    for (const token of [1, 2, 3]) {
      const lease = await held(new ManualClock());
      expect(lease.token).toBe(token);
      await lease.release();
    }
  });

  test("is not given to a second process while its holder beats", async () => {
    const clock = new ManualClock();
    const lease = await held(clock);
    const contender: Clock = {
      now: () => clock.now(),
      sleep: async (ms) => {
        await clock.sleep(ms);
        await lease.beat();
      },
    };
    const waited = await acquireLease(options(contender), { waitMs: 5 * leaseMs, maxWaitMs: 9 * leaseMs });
    expect(waited).toBeUndefined();
  });

  test("F21: a dead holder is replaced after a whole lease time, and not before", async () => {
    await held(new ManualClock());
    const early = new ManualClock();
    const tooSoon = { waitMs: leaseMs - 1_000, maxWaitMs: leaseMs - 1_000 };
    expect(await acquireLease(options(early), tooSoon)).toBeUndefined();
    const contender = new ManualClock();
    const lease = await held(contender);
    expect(lease.token).toBe(2);
    expect(contender.now()).toBeGreaterThanOrEqual(leaseMs);
  });

  test("F21: a contender that may wait for half a lease still replaces a dead holder", async () => {
    await held(new ManualClock());
    const lease = await acquireLease(options(new ManualClock()), {
      waitMs: leaseMs / 2,
      maxWaitMs: 2 * leaseMs,
    });
    expect(lease?.token).toBe(2);
  });

  test("the contender that waits is next, before one that comes at the moment of the release", async () => {
    const holder = await held(new ManualClock());
    const order: string[] = [];
    const waiting = new ManualClock();
    let newcomer: Promise<unknown> | undefined;
    const releasing: Clock = {
      now: () => waiting.now(),
      sleep: async (ms) => {
        if (newcomer === undefined) {
          await holder.release();
          newcomer = held(new ManualClock()).then(() => order.push("newcomer"));
        }
        await waiting.sleep(ms);
      },
    };
    const lease = await held(releasing);
    order.push("waited");
    await lease.release();
    await newcomer;
    expect(order).toEqual(["waited", "newcomer"]);
  });

  test("F21: a contender that died while it waited is left the lease for a moment only", async () => {
    const holder = await held(new ManualClock());
    const dead = { waitMs: 1_000, maxWaitMs: 1_000 };
    expect(await acquireLease(options(new ManualClock()), dead)).toBeUndefined();
    await holder.release();
    const next = new ManualClock();
    expect(await acquireLease(options(next), { waitMs: 1_000, maxWaitMs: 1_000 })).toMatchObject({
      token: 2,
    });
    expect(next.now()).toBeGreaterThan(0);
  });

  test("F3: one heartbeat starts the whole lease time again", async () => {
    const first = await held(new ManualClock());
    const contender = new ManualClock();
    let beaten = false;
    const watching: Clock = {
      now: () => contender.now(),
      sleep: async (ms) => {
        await contender.sleep(ms);
        if (beaten || contender.now() < leaseMs - 1_000) return;
        beaten = true;
        await first.beat();
      },
    };
    await held(watching);
    expect(contender.now()).toBeGreaterThanOrEqual(2 * leaseMs - 1_000);
  });

  test.each([
    ["free", 0],
    ["dead", leaseMs + 1_000],
  ])("F3: of two contenders that see the same %s lease, one takes it", async (state, ms) => {
    if (state === "dead") await held(new ManualClock());
    const rivals: Lease[] = [];
    const overtaken = beforeTaking(async () => {
      if (rivals.length === 0) rivals.push(await held(new ManualClock()));
    });
    const waiting = { waitMs: ms, maxWaitMs: ms };
    expect(await acquireLease(options(new ManualClock(), overtaken), waiting)).toBeUndefined();
    await rivals[0]?.beat();
  });

  test("F3: a dead holder that beats just before the takeover keeps its lease", async () => {
    const holder = await held(new ManualClock());
    const late = beforeTaking(() => holder.beat());
    const patience = { waitMs: leaseMs + 1_000, maxWaitMs: leaseMs + 1_000 };
    expect(await acquireLease(options(new ManualClock(), late), patience)).toBeUndefined();
    await holder.beat();
  });

  test("F4: the heartbeat and the release of a lapsed holder leave the new holder alone", async () => {
    const lapsed = await held(new ManualClock());
    const holder = await held(new ManualClock());
    const before = await item();
    await expect(lapsed.beat()).rejects.toThrow(LeaseLostError);
    await lapsed.release();
    expect(await item()).toEqual(before);
    await holder.beat();
    expect(() => lapsed.assertHeld()).toThrow(LeaseLostError);
  });

  test("F3: a holder whose own clock says that its last heartbeat is a lease old stops by itself", async () => {
    const clock = new ManualClock();
    const lease = await held(clock);
    clock.advance(leaseMs - 1);
    lease.assertHeld();
    clock.advance(1);
    expect(() => lease.assertHeld()).toThrow(LeaseLostError);
  });

  test("a taking whose answer got lost is found done", async () => {
    const lease = await held(new ManualClock(), losingOneAnswer());
    expect(lease.token).toBe(1);
    await lease.beat();
  });

  test("a living holder makes an impatient contender give up at once", async () => {
    await held(new ManualClock());
    expect(await acquireLease(options(new ManualClock()), impatient)).toBeUndefined();
  });
});

describe("the head of a collection", () => {
  test("moves from generation to generation under one lease after another", async () => {
    expect(await head()).toBeUndefined();
    const first = await held(new ManualClock());
    const one = await publish(first, undefined);
    await first.release();
    const second = await held(new ManualClock());
    await publish(second, one);
    expect(await head()).toMatchObject({ generation: 2, name: "00000002-2" });
  });

  test("F3: a paused holder that wakes after a takeover does not publish, whatever its clock says", async () => {
    const paused = await held(new ManualClock());
    await held(new ManualClock());
    await expect(publish(paused, undefined)).rejects.toThrow(PublishConflictError);
    expect(await head()).toBeUndefined();
  });

  test("F3: nothing is published over a head that the cycle did not start from", async () => {
    const first = await held(new ManualClock());
    const one = await publish(first, undefined);
    await first.release();
    const second = await held(new ManualClock());
    await expect(publish(second, undefined)).rejects.toThrow(PublishConflictError);
    await expect(publish(second, { ...one, name: "00000001-9" })).rejects.toThrow(PublishConflictError);
    expect(await head()).toEqual(one);
  });

  test("F3: a released lease publishes nothing", async () => {
    const lease = await held(new ManualClock());
    await lease.release();
    await expect(publish(lease, undefined)).rejects.toThrow(PublishConflictError);
  });

  test("a publish whose answer got lost is found done", async () => {
    const lease = await held(new ManualClock());
    expect(await publish(lease, undefined, losingOneAnswer())).toMatchObject({ name: "00000001-1" });
  });
});
