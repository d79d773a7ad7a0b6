import { claimOfKey, claimOfRequest, fingerprint } from "../../../core/catchup/tasks/claims.ts";
import { rowsIn, sum } from "../../../core/catchup/tasks/counts.ts";
import { requestOf } from "../../unit/catchup/requests.ts";
import { TaskTables, taskOf } from "../../unit/catchup/task-tables.ts";

let tables: TaskTables;

beforeAll(async () => {
  tables = await TaskTables.start();
});
afterAll(() => tables.stop());

const now = Date.now();
const counts = { processed: 3, failed: 1, filtered: 2, duplicates: 0, unchanged: 1, cached: 1, tokens: 30 };

describe("a task", () => {
  test("is written once: the same id again changes nothing", async () => {
    const task = taskOf();
    expect(await tables.tasks.create(task)).toBe(true);
    expect(await tables.tasks.create({ ...task, status: "FAILED" })).toBe(false);
    expect(await tables.tasks.get(task.task_id)).toEqual(task);
  });

  test("that is over is never changed again (F20)", async () => {
    const task = taskOf();
    await tables.tasks.create(task);
    expect(await tables.tasks.change(task.task_id, { status: "CANCELLED" })).toBe(true);
    expect(await tables.tasks.change(task.task_id, { status: "COMPLETED", counts })).toBe(false);
    const found = await tables.tasks.get(task.task_id);
    expect([found?.status, found?.counts]).toEqual(["CANCELLED", undefined]);
  });

  test("that there is not cannot be changed into being", async () => {
    const { task_id } = taskOf();
    expect(await tables.tasks.change(task_id, { status: "FAILED" })).toBe(false);
    expect(await tables.tasks.get(task_id)).toBeUndefined();
  });

  test("that has expired is gone at once, though DynamoDB removes it some time later", async () => {
    const task = taskOf({ expires_at: Math.floor(now / 1000) + 10 });
    await tables.tasks.create(task);
    expect(await tables.tasks.get(task.task_id, now + 9_000)).toBeDefined();
    expect(await tables.tasks.get(task.task_id, now + 11_000)).toBeUndefined();
    const { tasks } = await tables.tasks.list({ limit: 100 }, now + 11_000);
    expect(tasks.map(({ task_id }) => task_id)).not.toContain(task.task_id);
  });
});

describe("the progress of a task", () => {
  test("is the task with the counts of all its chunks", async () => {
    const task = taskOf();
    await tables.tasks.create(task);
    expect(await tables.tasks.progress(task.task_id)).toEqual({
      task,
      chunks: new Map(),
      underWay: { chunks: 0, embedded: 0, written: 0 },
      units: [],
      touchedAt: Date.parse(task.updated_at),
    });
    for (const chunk of [0, 99, 100, 250])
      await tables.chunkCounts.set(task.task_id, chunk, counts, task.expires_at);
    const progress = await tables.tasks.progress(task.task_id);
    expect(progress?.task).toEqual(task);
    expect(progress?.chunks).toEqual(await tables.chunkCounts.all(task.task_id));
    expect(progress?.chunks.size).toBe(4);
  });

  test("moves while a chunk is worked on, until its counts replace what it reported", async () => {
    const task = taskOf();
    const now = Date.parse(task.updated_at) + 60_000;
    await tables.tasks.create(task);
    await tables.chunkCounts.report(task.task_id, 3, { embedded: 40, written: 10 }, task.expires_at);
    await tables
      .chunkCountsAt(() => now)
      .report(task.task_id, 104, { embedded: 5, written: 0 }, task.expires_at);
    const moving = await tables.tasks.progress(task.task_id);
    expect(moving?.touchedAt).toBe(now);
    expect(moving?.underWay).toEqual({ chunks: 2, embedded: 45, written: 10 });
    expect(moving?.chunks.size).toBe(0);
    await tables.chunkCounts.set(task.task_id, 3, counts, task.expires_at);
    expect((await tables.tasks.progress(task.task_id))?.underWay).toEqual({
      chunks: 1,
      embedded: 5,
      written: 0,
    });
  });

  test("is none where there is no task, though a chunk that ended late has left counts", async () => {
    const gone = taskOf({ expires_at: Math.floor(now / 1000) + 10 });
    await tables.chunkCounts.set(gone.task_id, 0, counts, gone.expires_at);
    expect(await tables.tasks.progress(gone.task_id)).toBeUndefined();
    await tables.tasks.create(gone);
    expect(await tables.tasks.progress(gone.task_id, now + 11_000)).toBeUndefined();
  });
});

describe("the list of tasks", () => {
  test("is newest first, in pages that leave none out and repeat none", async () => {
    const own = await TaskTables.start();
    const made = Array.from({ length: 7 }, (_, n) =>
      taskOf({ created_at: new Date(now + n * 1_000).toISOString() }),
    );
    for (const task of [...made.slice(3), ...made.slice(0, 3)]) await own.tasks.create(task);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await own.tasks.list({ limit: 3, cursor });
      expect(page.tasks.length).toBeLessThanOrEqual(3);
      seen.push(...page.tasks.map(({ task_id }) => task_id));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(seen).toEqual(made.map(({ task_id }) => task_id).reverse());
    await own.stop();
  });

  test("of one status is complete too, however many others stand between", async () => {
    const own = await TaskTables.start();
    const made = Array.from({ length: 30 }, (_, n) =>
      taskOf({
        created_at: new Date(now + n * 1_000).toISOString(),
        status: n % 7 === 0 ? "FAILED" : "COMPLETED",
      }),
    );
    for (const task of made) await own.tasks.create(task);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await own.tasks.list({ limit: 2, cursor, statuses: ["FAILED"] });
      seen.push(...page.tasks.map(({ task_id }) => task_id));
      cursor = page.next;
    } while (cursor !== undefined);
    const failed = made.filter(({ status }) => status === "FAILED").map(({ task_id }) => task_id);
    expect(seen).toEqual(failed.reverse());
    await own.stop();
  });

  test.each(["x", "", Buffer.from("{}").toString("base64url"), Buffer.from("[1").toString("base64url")])(
    "does not begin at %j, which no page gave",
    async (cursor) => {
      await expect(tables.tasks.list({ limit: 3, cursor })).rejects.toMatchObject({
        name: "CursorInvalidError",
      });
    },
  );
});

describe("the counts of chunks", () => {
  test("are set and not added: a chunk that is worked on twice counts once (F20)", async () => {
    const { task_id, expires_at } = taskOf();
    for (const chunk of [0, 1, 1, 0]) await tables.chunkCounts.set(task_id, chunk, counts, expires_at);
    await tables.chunkCounts.set(task_id, 1, { ...counts, processed: 4, failed: 0 }, expires_at);
    const all = await tables.chunkCounts.all(task_id);
    expect([...all.keys()].sort()).toEqual([0, 1]);
    expect(sum(all.values())).toEqual({
      processed: 7,
      failed: 1,
      filtered: 4,
      duplicates: 0,
      unchanged: 2,
      cached: 2,
      tokens: 60,
    });
    expect(rowsIn(sum(all.values()))).toBe(12);
  });

  test("that are written at the same time do not lose one another, within an item and beyond", async () => {
    const { task_id, expires_at } = taskOf();
    const chunks = Array.from({ length: 250 }, (_, n) => n);
    await Promise.all(chunks.map((chunk) => tables.chunkCounts.set(task_id, chunk, counts, expires_at)));
    const all = await tables.chunkCounts.all(task_id);
    expect([...all.keys()].sort((a, b) => a - b)).toEqual(chunks);
  });

  test("of another task are not among them", async () => {
    expect((await tables.chunkCounts.all(taskOf().task_id)).size).toBe(0);
  });
});

describe("a claim", () => {
  const expiresAt = Math.floor(now / 1000) + 100;
  const of = (taskId: string) => ({ taskId, request: "print", askedAt: now });

  test("is taken by one of those who see none", async () => {
    const taken = await Promise.all(
      ["a", "b", "c"].map((id) => tables.claims.take("race", undefined, of(id), expiresAt, now)),
    );
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  test("is replaced only by who has seen it", async () => {
    await tables.claims.take("seen", undefined, of("first"), expiresAt, now);
    expect(await tables.claims.take("seen", of("other"), of("second"), expiresAt, now)).toBe(false);
    expect(await tables.claims.take("seen", of("first"), of("second"), expiresAt, now)).toBe(true);
    expect(await tables.claims.read("seen", now)).toEqual(of("second"));
  });

  test("that has expired counts as none", async () => {
    await tables.claims.take("old", undefined, of("first"), expiresAt, now);
    const later = now + 101_000;
    expect(await tables.claims.read("old", later)).toBeUndefined();
    expect(await tables.claims.take("old", undefined, of("second"), expiresAt + 200, later)).toBe(true);
  });
});

test("requests that ask for the same have one fingerprint, whatever the order of their fields", () => {
  const request = requestOf();
  const turned = Object.fromEntries(Object.entries(request).reverse()) as typeof request;
  expect(fingerprint(turned)).toBe(fingerprint(request));
  expect(fingerprint({ ...request, end_date: "2024-03-03" })).not.toBe(fingerprint(request));
  expect(claimOfKey("x")).not.toBe(claimOfRequest("x"));
});
