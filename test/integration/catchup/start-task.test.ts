import { type StartDeps, startTask } from "../../../core/catchup/api/start-task.ts";
import type { PreflightProblem } from "../../../core/catchup/preflight/preflight-errors.ts";
import { isOpen, type Task, type TaskStatus } from "../../../core/catchup/tasks/task.ts";
import { Crash, Crashes } from "../../unit/catchup/crashes.ts";
import { requestOf } from "../../unit/catchup/requests.ts";
import { TaskTables } from "../../unit/catchup/task-tables.ts";

let tables: TaskTables;
let turn = 0;

beforeAll(async () => {
  tables = await TaskTables.start();
});
afterAll(() => tables.stop());

const day = 86_400_000;

/** An API whose process can die; every test asks for something of its own. */
function api() {
  turn += 1;
  const request = requestOf({ s3_key: `${turn}.csv` });
  const crashes = new Crashes();
  const started: string[] = [];
  const problems: PreflightProblem[] = [];
  const dead = new Set<string>();
  const over = (taskId: string, status: TaskStatus = "COMPLETED") => tables.tasks.change(taskId, { status });
  const dying = <Target extends object>(target: Target, methods: readonly (keyof Target)[]): Target =>
    new Proxy(target, {
      get: (_, name) => {
        const own = target[name as keyof Target];
        if (typeof own !== "function") return own;
        const bound = (...given: unknown[]) => own.apply(target, given);
        return methods.includes(name as keyof Target)
          ? (...given: unknown[]) => crashes.call(String(name), () => bound(...given))
          : bound;
      },
    });
  const services: StartDeps = {
    tasks: dying(tables.tasks, ["create", "get", "change"]),
    claims: dying(tables.claims, ["read", "take"]),
    preflight: async () => problems,
    start: (taskId) =>
      crashes.call("start", () => {
        started.push(taskId);
      }),
    isWorkedOn: async ({ task_id, status }) => isOpen(status) && !dead.has(task_id),
    taskDays: 7,
  };
  const ask = (key?: string, now = Date.now(), changed: Partial<typeof request> = {}): Promise<Task> =>
    startTask(() => ({ ...request, ...changed }), key, services, now);
  const own = async () =>
    (await tables.all()).filter((item) => (item.request as typeof request).s3_key === request.s3_key);
  return { ask, own, started, crashes, over, dead, problems };
}

describe("a request", () => {
  test("is written as a task and started once", async () => {
    const { ask, own, started } = api();
    const task = await ask();
    expect(task).toMatchObject({ status: "PENDING" });
    expect(await own()).toHaveLength(1);
    expect(started).toEqual([task.task_id]);
  });

  test("that is the same while one runs gives the same task and starts nothing", async () => {
    const { ask, started } = api();
    const first = await ask();
    await tables.tasks.change(first.task_id, { status: "IN_PROGRESS" });
    const again = await Promise.all([ask(), ask("with a key"), ask("with another")]);
    expect(again.map(({ task_id }) => task_id)).toEqual([first.task_id, first.task_id, first.task_id]);
    expect(started).toEqual([first.task_id]);
  });

  test("that arrives many times concurrently starts one task, once (F12)", async () => {
    const { ask, own, started } = api();
    const tasks = await Promise.all(
      Array.from({ length: 8 }, (_, n) => ask(n % 2 === 0 ? "key" : undefined)),
    );
    expect(new Set(tasks.map(({ task_id }) => task_id)).size).toBe(1);
    expect(await own()).toHaveLength(1);
    expect(started).toHaveLength(1);
  });

  test("that asks for something else is another task", async () => {
    const { ask } = api();
    const [one, other] = [await ask(), await ask(undefined, Date.now(), { dry_run: true })];
    expect(other.task_id).not.toBe(one.task_id);
  });

  test.each(["COMPLETED", "FAILED", "CANCELLED", "PARTIALLY_COMPLETED", "SKIPPED"] as const)(
    "starts a new task once its task is %s",
    async (status) => {
      const { ask, over, started } = api();
      const first = await ask();
      await over(first.task_id, status);
      const second = await ask();
      expect(second.task_id).not.toBe(first.task_id);
      expect(started).toEqual([first.task_id, second.task_id]);
    },
  );

  test("is not blocked by a task whose worker has died (F21)", async () => {
    const { ask, dead } = api();
    const first = await ask();
    dead.add(first.task_id);
    const second = await ask();
    expect(second.task_id).not.toBe(first.task_id);
  });
});

describe("an idempotency key", () => {
  test("gives its task also when that is over, and starts nothing", async () => {
    const { ask, over, started } = api();
    const first = await ask("key 1");
    await over(first.task_id);
    const again = await ask("key 1");
    expect([again.task_id, again.status]).toEqual([first.task_id, "COMPLETED"]);
    expect(started).toEqual([first.task_id]);
  });

  test("cannot be used for another request", async () => {
    const { ask } = api();
    await ask("key 2");
    const other = ask("key 2", Date.now(), { namespace: "other" });
    await expect(other).rejects.toMatchObject({ name: "IdempotencyKeyReusedError" });
  });

  test("is new again once its task has expired", async () => {
    const { ask, started } = api();
    const first = await ask("key 3");
    const later = await ask("key 3", Date.now() + 8 * day);
    expect(later.task_id).not.toBe(first.task_id);
    expect(started).toHaveLength(2);
  });

  test("that outlives its older task starts it again under the same id", async () => {
    const { ask, started } = api();
    const now = Date.now();
    const first = await ask(undefined, now - 7 * day + 1_000);
    await ask("key 4", now);
    const later = await ask("key 4", now + day);
    expect(later.task_id).toBe(first.task_id);
    expect((await tables.tasks.get(first.task_id, now + day))?.status).toBe("PENDING");
    expect(started.length).toBeGreaterThanOrEqual(2);
  });
});

describe.each([undefined, "a key"])("with the key %s, a process that dies", (key) => {
  test.each(["before", "after"] as const)(
    "%s any call is completed by the next request: one task, which is started (F21)",
    async (when) => {
      const quiet = api();
      await quiet.ask(key && `${key} ${turn}`);
      const calls = quiet.crashes.calls.length;
      expect(calls).toBeGreaterThanOrEqual(4);
      for (let at = 1; at <= calls; at += 1) {
        const { ask, own, started, crashes } = api();
        const ownKey = key && `${key} ${turn}`;
        const now = Date.now() - 61_000;
        crashes.arm(at, when);
        await expect(ask(ownKey, now)).rejects.toThrow(Crash);
        crashes.disarm();
        const [first] = started;
        if (first) await tables.tasks.change(first, { status: "COMPLETED" });
        const task = await ask(ownKey, now + 61_000);
        if (key !== undefined && first) expect(task.task_id).toBe(first);
        expect(new Set(started)).toEqual(new Set((await own()).map(({ task_id }) => task_id)));
        expect(await own()).toHaveLength(key === undefined && first ? 2 : 1);
      }
    },
  );
});

describe("F35: a request whose preflight finds a problem", () => {
  test("creates no task, and gets every problem", async () => {
    const { ask, own, started, problems } = api();
    problems.push(
      { check: "index", problem: "The key is refused." },
      { check: "source", problem: "No card." },
    );
    await expect(ask()).rejects.toMatchObject({ name: "PreflightFailedError", problems });
    expect(await own()).toEqual([]);
    expect(started).toEqual([]);
  });

  test.each([undefined, "a key that is sent again"])(
    "starts once the cause is fixed, with the key %s",
    async (key) => {
      const { ask, own, started, problems } = api();
      problems.push({ check: "index", problem: "The key is refused." });
      await expect(ask(key)).rejects.toMatchObject({ name: "PreflightFailedError" });
      problems.length = 0;
      const task = await ask(key);
      expect(started).toEqual([task.task_id]);
      expect(await own()).toHaveLength(1);
    },
  );
});
