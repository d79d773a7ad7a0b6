import type { Plan } from "../../../core/catchup/sources/plan.ts";
import { PlanCache } from "../../../core/catchup/work/plan-cache.ts";

const plan: Plan = { chunks_key: "k", columns: ["id"], rows: 1, chunks: 1 };

/** A cache, and the tasks whose plans were read. */
function counting() {
  const read: string[] = [];
  const cache = new PlanCache();
  const get = (taskId: string) =>
    cache.get(taskId, async () => {
      read.push(taskId);
      return plan;
    });
  return { read, get, cache };
}

test("chunks of several tasks in turn read each plan once", async () => {
  const { read, get } = counting();
  for (let round = 0; round < 10; round += 1) for (const task of ["a", "b", "c"]) await get(task);
  expect(read).toEqual(["a", "b", "c"]);
});

test("of more than sixteen tasks the plan that was used least recently is read again", async () => {
  const { read, get } = counting();
  for (let task = 0; task < 16; task += 1) await get(`task-${task}`);
  await get("task-0");
  await get("task-16");
  read.length = 0;
  await get("task-0");
  await get("task-1");
  expect(read).toEqual(["task-1"]);
});

test("a task without a plan is looked for again", async () => {
  const { cache } = counting();
  expect(await cache.get("a", async () => undefined)).toBeUndefined();
  expect(await cache.get("a", async () => plan)).toBe(plan);
});
