import type { Task } from "../../../core/catchup/tasks/task.ts";
import { type WatchDeps, watchTasks } from "../../../core/catchup/work/watch-tasks.ts";
import { isWorkedOn } from "../../../core/catchup/work/worked-on.ts";
import { silentLog } from "../../../core/log.ts";
import { requestOf } from "../../unit/catchup/requests.ts";
import { TaskRig } from "../../unit/catchup/task-rig.ts";
import { TaskTables, taskOf } from "../../unit/catchup/task-tables.ts";

const minute = 60_000;
const settlingMs = 50 * minute;

let tables: TaskTables;
let rig: TaskRig;
/** Ids of tasks, one per invocation. */
let started: string[];
let settled: string[];
let logged: { readonly message: string; readonly fields: Record<string, unknown> }[];
/** ARNs of running executions. */
let running: Set<string>;
let passedMs: number;

beforeEach(async () => {
  tables = await TaskTables.start();
  rig = new TaskRig(tables);
  [started, settled, logged, running, passedMs] = [[], [], [], new Set(), 0];
});
afterEach(() => tables.stop());

const now = () => Date.now() + passedMs;

function deps(changed: Partial<WatchDeps> = {}): WatchDeps {
  const clock = changed.now ?? now;
  return {
    openTasks: tables.openTasks,
    tasks: tables.tasks,
    kind: "state_machine",
    isWorkedOn: (task) => isWorkedOn(task, { isRunning: async (arn) => running.has(arn) }, clock()),
    start: async (taskId) => void started.push(taskId),
    settle: async (taskId) => void settled.push(taskId),
    settlingMs,
    now,
    log: { ...silentLog, error: (message, fields) => void logged.push({ message, fields: { ...fields } }) },
    ...changed,
  };
}

const watch = (changed: Partial<WatchDeps> = {}) => watchTasks(deps(changed), now() + 10 * minute);

async function stored(changed: Partial<Task> = {}): Promise<string> {
  const task = taskOf({ expires_at: Math.floor(now() / 1000) + 86_400, ...changed });
  await tables.tasks.create(task);
  return task.task_id;
}

/** Accepted that long ago and never begun. */
function lost(minutes: number): Partial<Task> {
  const at = new Date(now() - minutes * minute - 1_000).toISOString();
  return { created_at: at, updated_at: at, alive_until: now() + 60 * minute };
}

const dead = { status: "IN_PROGRESS", alive_until: 0 } as const;
const five = `id,formatted_text\n${["a", "b", "c", "d", "e"].map((text, n) => `${n + 1},${text}\n`).join("")}`;

describe("F21: an open task without a worker", () => {
  const settle = (taskId: string) => rig.settle(taskId);

  test("is settled once its execution has ended without settling it", async () => {
    rig.rowsPerFunction = 0;
    const id = await rig.accept(five);
    await rig.run(id);
    const { id: execution = "" } = (await rig.task(id)).worked_on_by ?? {};
    running.add(execution);
    await watch({ settle });
    expect((await rig.task(id)).status).toBe("IN_PROGRESS");
    running.delete(execution);
    await watch({ settle });
    expect(await rig.task(id)).toMatchObject({ status: "FAILED", counts: { failed: 5 } });
  });

  test("is settled once its function has used up the time of all its attempts", async () => {
    const id = await rig.accept(five);
    const { alive_until } = await rig.task(id);
    await tables.tasks.change(id, { status: "IN_PROGRESS" });
    await watch({ settle, now: () => alive_until });
    expect((await rig.task(id)).status).toBe("IN_PROGRESS");
    await watch({ settle, now: () => alive_until + 1 });
    expect(await rig.task(id)).toMatchObject({
      status: "FAILED",
      error: expect.stringContaining("could not be planned"),
    });
  });

  test("is settled once by concurrent watches", async () => {
    rig.rowsPerFunction = 0;
    const id = await rig.accept(five);
    await rig.run(id);
    await Promise.all([watch({ settle }), watch({ settle }), watch({ settle })]);
    const task = await rig.task(id);
    expect(task).toMatchObject({ status: "FAILED", counts: { failed: 5 } });
    expect(rig.counted).toMatchObject({ CatchUpTasksFailed: 1, CatchUpRecordsFailed: 5 });
    await watch({ settle });
    expect(await rig.task(id)).toEqual(task);
  });

  test("is settled again only after all attempts of the first settle have failed", async () => {
    const id = await stored(dead);
    for (let minutes = 0; minutes < 49; minutes += 1) {
      await watch();
      passedMs += minute;
    }
    expect(settled).toEqual([id]);
    expect(started).toEqual([]);
    passedMs += 2 * minute;
    await watch();
    expect(settled).toEqual([id, id]);
  });

  test("is settled by the next watch if this one crashes before it records that", async () => {
    const id = await stored(dead);
    const change = async () => Promise.reject(new Error("died"));
    await watch({ tasks: { get: tables.tasks.get.bind(tables.tasks), change } }).catch(() => undefined);
    await watch();
    expect(settled).toEqual([id, id]);
  });

  test.each([
    ["running again", { alive_until: Number.MAX_SAFE_INTEGER }],
    ["completed", { status: "COMPLETED" }],
  ] as const)("is not settled if the index is stale and the task is %s", async (_, change) => {
    const stale = taskOf(dead);
    await stored({ ...stale, ...change });
    const pages = async function* () {
      yield [stale];
    };
    await watch({ openTasks: { pages } });
    expect(settled).toEqual([]);
  });
});

describe("F21: a task whose start was lost", () => {
  test("is started once, and then waits", async () => {
    const id = await stored(lost(1));
    await watch();
    await watch();
    expect(started).toEqual([id]);
    expect(settled).toEqual([]);
  });

  test.each([
    ["within its first minute", "PENDING", 0],
    ["when it is in progress", "IN_PROGRESS", 2],
  ] as const)("is not started %s", async (_, status, minutes) => {
    await stored({ ...lost(minutes), status });
    const first = tables.sent.length;
    await watch();
    expect(started).toEqual([]);
    expect(tables.sent.slice(first)).toEqual(["QueryCommand"]);
  });

  test("is started with exponential back-off while nothing begins it, and settled after an hour", async () => {
    const id = await stored(lost(1));
    const { alive_until } = await rig.task(id);
    for (; now() <= alive_until; passedMs += minute) await watch({ tasks: withTime() });
    expect(started.length).toBeGreaterThanOrEqual(5);
    expect(started.length).toBeLessThanOrEqual(8);
    await watch();
    expect(settled).toEqual([id]);
  });

  /** Writes `updated_at` by the clock of the test. */
  function withTime(): WatchDeps["tasks"] {
    return {
      get: tables.tasks.get.bind(tables.tasks),
      async change(taskId, change, from) {
        jest.useFakeTimers({ now: now(), doNotFake: ["setTimeout", "setImmediate", "nextTick"] });
        const changing = tables.tasks.change(taskId, change, from);
        jest.useRealTimers();
        return changing;
      },
    };
  }
});

describe("the watch", () => {
  test("reads all pages, and writes only to the task without a worker", async () => {
    const old = await stored({ ...dead, created_at: "2026-01-01T00:00:00.000Z" });
    for (let n = 0; n < 210; n += 1) await stored({ status: n % 2 === 0 ? "COMPLETED" : "IN_PROGRESS" });
    const first = tables.sent.length;
    await watch();
    expect(settled).toEqual([old]);
    const sent = tables.sent.slice(first);
    expect(sent.filter((name) => name === "QueryCommand").length).toBeGreaterThanOrEqual(2);
    expect(sent.filter((name) => name !== "QueryCommand")).toEqual(["GetItemCommand", "UpdateItemCommand"]);
  });

  test("ignores expired tasks", async () => {
    const expires_at = Math.floor(now() / 1000) + 60;
    await stored({ ...dead, expires_at });
    await stored({ ...lost(2), expires_at });
    passedMs = 2 * minute;
    const first = tables.sent.length;
    await watch();
    expect([...settled, ...started]).toEqual([]);
    expect(tables.sent.slice(first)).toEqual(["QueryCommand"]);
  });

  test("leaves the tasks of the workers to their own watch, which leaves it all others", async () => {
    const others = await stored(dead);
    const workers = await stored({ ...dead, request: requestOf({ host: "workers" }) });
    await watch();
    expect(settled).toEqual([others]);
    settled.length = 0;
    await watch({ kind: "workers" });
    expect(settled).toEqual([workers]);
  });

  test("fails if one task cannot be checked, and checks all others", async () => {
    const ids = [
      await stored({ ...dead, worked_on_by: { kind: "state_machine", id: "arn:unknown" } }),
      await stored(dead),
    ];
    const isRunning = async () => Promise.reject(new Error("Step Functions is away"));
    await expect(
      watch({ isWorkedOn: (task) => isWorkedOn(task, { isRunning }, now()) }),
    ).rejects.toMatchObject({
      name: "WatchIncompleteError",
      message: expect.stringContaining("Step Functions is away"),
    });
    expect(settled).toEqual([ids[1]]);
    expect(logged).toEqual([
      { message: "An open task could not be checked", fields: expect.objectContaining({ task_id: ids[0] }) },
    ]);
  });

  test("names an unreadable item, and checks all others", async () => {
    const id = await stored(dead);
    await tables.put({ PK: "TASK#broken", SK: "TASK", kind: "TASK", created_at: "2026-01-01T00:00:00.000Z" });
    await expect(watch()).rejects.toThrow(/TASK#broken cannot be read: .*status/);
    expect(settled).toEqual([id]);
  });

  test("settles nothing after its time limit, and fails", async () => {
    await stored(dead);
    await expect(watchTasks(deps(), now())).rejects.toThrow("the time ran out");
    expect(settled).toEqual([]);
  });
});
