import { watchInTurn } from "../../../core/bulk/work/watch.ts";
import { silentLog } from "../../../core/log.ts";
import { requestOf } from "../../unit/catchup/requests.ts";
import { TaskTables, taskOf } from "../../unit/catchup/task-tables.ts";

const everyMs = 60_000;
let tables: TaskTables;
let now = Date.now();

beforeAll(async () => {
  tables = await TaskTables.start();
});
afterAll(() => tables.stop());

/** Ids of the tasks that each worker looked for in the broker. */
async function watchBy(...workerIds: string[]): Promise<string[]> {
  const looks: string[] = [];
  await Promise.all(
    workerIds.map((workerId) =>
      watchInTurn({
        lease: tables.watchLease(() => now),
        workerId,
        everyMs,
        tasks: tables.tasks,
        openTasks: tables.openTasks,
        jobs: {
          isRunning: async () => {
            looks.push(workerId);
            return true;
          },
          restart: async () => {},
        },
        log: silentLog,
      }),
    ),
  );
  return looks;
}

test("of several workers one watches the open tasks in an interval, and another after it was killed", async () => {
  await tables.tasks.create(taskOf({ request: requestOf({ host: "workers" }) }));
  expect(await watchBy("a", "b", "c")).toHaveLength(1);
  expect(await watchBy("a", "b", "c")).toEqual([]);
  now += everyMs;
  expect(await watchBy("c")).toEqual(["c"]);
});
