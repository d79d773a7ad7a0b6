import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { generationName } from "../../../core/collections/generations/generation-name.ts";
import { moveHead, PublishConflictError, readHead } from "../../../core/collections/generations/head.ts";
import { acquireLease, type Lease, LeaseLostError } from "../../../core/collections/lease/lease.ts";
import { CollectionBusyError, underLease } from "../../../core/collections/lease/under-lease.ts";
import { silentLog } from "../../../core/log.ts";
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
    // Who beats is not taken for dead, so that the longer wait is not begun.
    expect(clock.now()).toBe(5 * leaseMs);
  });

  test("F21: a dead holder is replaced after a whole lease time, and not before", async () => {
    await held(new ManualClock());
    const early = new ManualClock();
    const tooSoon = { waitMs: leaseMs - 1_000, maxWaitMs: leaseMs - 1_000 };
    expect(await acquireLease(options(early), tooSoon)).toBeUndefined();
    const contender = new ManualClock();
    const lease = await held(contender);
    expect(lease.token).toBe(2);
    expect(contender.now()).toBe(leaseMs);
  });

  test("F21: a contender that would wait for nothing replaces a dead holder, within the wait that it is given", async () => {
    await held(new ManualClock());
    const brief = new ManualClock();
    expect(await acquireLease(options(brief), { waitMs: 0, maxWaitMs: 3_000 })).toBeUndefined();
    expect(brief.now()).toBe(3_000);
    const lease = await acquireLease(options(new ManualClock()), { waitMs: 0, maxWaitMs: 2 * leaseMs });
    expect(lease?.token).toBe(2);
  });

  test("is given at once where it is free, and looked at often where it is short", async () => {
    const clock = new ManualClock(1_000_000);
    const lease = await held(clock);
    expect(clock.now()).toBe(1_000_000);
    const pauses: number[] = [];
    const contender = new ManualClock();
    const counting: Clock = {
      now: () => contender.now(),
      sleep: (ms) => {
        pauses.push(ms);
        return contender.sleep(ms);
      },
    };
    const brief = { waitMs: 0, maxWaitMs: 200 };
    await acquireLease({ ...options(counting), leaseMs: 1_000 }, brief);
    expect(pauses).toEqual([50, 50, 50, 50]);
    await lease.release();
  });

  test("is waited for by one that lost a race for it", async () => {
    const rivals: Lease[] = [];
    const overtaken = beforeTaking(async () => {
      if (rivals.length === 0) rivals.push(await held(new ManualClock()));
    });
    const clock = new ManualClock();
    const releasing: Clock = {
      now: () => clock.now(),
      sleep: async (ms) => {
        await rivals[0]?.release();
        await clock.sleep(ms);
      },
    };
    expect(await held(releasing, overtaken)).toMatchObject({ token: 2 });
  });

  test("of publishing excludes no fold, nor the other way, and no two holders have one token", async () => {
    const publishing = await held(new ManualClock());
    const fold = { ...options(new ManualClock()), kind: "fold" as const };
    const folding = await acquireLease(fold, impatient);
    expect([publishing.token, folding?.token]).toEqual([1, 2]);
    expect(await acquireLease({ ...fold, clock: new ManualClock() }, impatient)).toBeUndefined();
    expect(await acquireLease(options(new ManualClock()), impatient)).toBeUndefined();
    await publishing.beat();
    await folding?.beat();
    await folding?.release();
    expect(
      await acquireLease({ ...fold, clock: new ManualClock() }, { waitMs: 1_000, maxWaitMs: 1_000 }),
    ).toMatchObject({ token: 3, kind: "fold" });
    await publishing.beat();
  });

  test("F3: every read of it is strongly consistent", async () => {
    const read: unknown[] = [];
    const send = async (command: UpdateCommand) => {
      if (command instanceof GetCommand) read.push(command.input.ConsistentRead);
      return tables.client.send(command);
    };
    await held(new ManualClock(), { send } as unknown as DynamoDBDocumentClient);
    expect(new Set(read)).toEqual(new Set([true]));
  });

  test("is given up for the reason of the signal", async () => {
    await held(new ManualClock());
    const stop = new AbortController();
    const clock: Clock = {
      now: () => 0,
      sleep: async (_, signal) => {
        stop.abort(new Error("the process stops"));
        throw signal?.reason === undefined ? new Error("no signal") : new Error("a sleep that was cut");
      },
    };
    const waiting = { waitMs: 60_000, maxWaitMs: 60_000, signal: stop.signal };
    await expect(acquireLease(options(clock), waiting)).rejects.toThrow("the process stops");
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
    const clock = new ManualClock();
    expect(await acquireLease(options(clock), impatient)).toBeUndefined();
    expect(clock.now()).toBe(0);
  });
});

describe("work under a lease", () => {
  const warned: string[] = [];
  const depsOf = (client = tables.client) => ({
    shard: "lines" as const,
    control: { client, controlTable: tables.controlTable },
    leaseMs: 5_000,
    clock: new ManualClock(),
    log: { ...silentLog, warn: (message: string) => void warned.push(message) },
  });

  test("has it, beats while it runs, and leaves it free, whether it succeeds or fails", async () => {
    const work = async (lease: Lease) => {
      const beat = async () => (await item())?.lease_counter;
      while (!((await beat()) > 1)) await new Promise((resolve) => setImmediate(resolve));
      lease.assertHeld();
      return lease.token;
    };
    expect(await underLease(depsOf(), 1_000, work)).toBe(1);
    expect((await item())?.lease_owner).toBeUndefined();
    const failing = underLease(depsOf(), 1_000, async () => Promise.reject(new Error("failed")));
    await expect(failing).rejects.toThrow("failed");
    expect((await item())?.lease_owner).toBeUndefined();
  });

  test("is not begun while another process holds it, and says for how long it has waited", async () => {
    await held(new ManualClock());
    const work = jest.fn();
    const waiting = underLease(depsOf(), 3_000, work);
    await expect(waiting).rejects.toThrow(CollectionBusyError);
    await expect(waiting).rejects.toThrow("3 s");
    expect(work).not.toHaveBeenCalled();
    expect(await underLease(depsOf(), 3_000, async ({ kind }) => kind, "fold")).toBe("fold");
  });

  test("has its result although the lease could not be released: it lapses by itself", async () => {
    warned.length = 0;
    const send = async (command: UpdateCommand) => {
      if (command instanceof UpdateCommand && /^REMOVE/.test(command.input.UpdateExpression ?? ""))
        throw new Error("throttled");
      return tables.client.send(command);
    };
    const client = { send } as unknown as DynamoDBDocumentClient;
    expect(await underLease(depsOf(client), 1_000, async () => "done")).toBe("done");
    expect(warned).toEqual(["The lease was not released"]);
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
