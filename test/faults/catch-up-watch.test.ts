import { setTimeout as sleep } from "node:timers/promises";
import { newTaskId, type Task } from "../../core/catchup/tasks/task.ts";
import { TaskStore } from "../../core/catchup/tasks/task-store.ts";
import { eventually } from "../flows/eventually.ts";
import { nothingWasRefused } from "../flows/looking.ts";
import { CatchingUp } from "./catch-up/catching-up.ts";
import { Embeddings } from "./catch-up/embeddings.ts";
import { SentFile } from "./catch-up/files.ts";
import { faultTest } from "./seeds.ts";

jest.setTimeout(300_000);

const rowsPerChunk = 4;
/** The watch runs every minute, which is short here. */
const minuteMs = 5_000;
const watchedWithinSeconds = 90;

let embeddings: Embeddings;
let catching: CatchingUp;
let tasks: TaskStore;

beforeAll(async () => {
  embeddings = await Embeddings.start();
  catching = await CatchingUp.start(
    {
      "embedding:baseUrl": embeddings.baseUrl,
      "embedding:model": "lengths",
      "catchup:rowsPerChunk": String(rowsPerChunk),
    },
    minuteMs,
  );
  tasks = new TaskStore(catching.stack.dynamo, catching.outputs.tasksTable);
});

afterAll(async () => {
  await catching?.stop();
  await embeddings?.stop();
});

afterEach(() => {
  catching.pinecone.interfere = () => undefined;
});

/** The task once it has ended, read from the table so that no request is made. */
function overInTable(taskId: string): Promise<Task> {
  return eventually(watchedWithinSeconds, async () => {
    const task = await tasks.get(taskId);
    if (!task?.completed_at) throw new Error(`Task ${taskId} is ${JSON.stringify(task)}.`);
    return task;
  });
}

faultTest(
  "F21 a task whose execution was aborted is settled by the watch, not by a status request",
  async () => {
    const file = await SentFile.put(catching, 40);
    catching.pinecone.interfere = async ({ path }) => {
      if (path.endsWith("/vectors/upsert")) await sleep(2_000);
      return undefined;
    };
    const taskId = await catching.started({ ...file.request, host: "state_machine" });
    await eventually(60, async () => expect(catching.pinecone.open).toBeGreaterThan(0));
    await catching.abortExecutionOf(taskId);
    expect((await catching.status(taskId)).status).toBe("IN_PROGRESS");

    const { counts } = await overInTable(taskId);
    const { processed = 0, failed = 0 } = counts ?? {};
    expect(failed).toBeGreaterThan(0);
    expect(processed + failed).toBe(40);

    // The same request starts another task, which indexes all rows.
    catching.pinecone.interfere = () => undefined;
    await file.expectAccounted(
      await catching.over(await catching.started({ ...file.request, host: "state_machine" })),
    );
  },
);

faultTest("F21 a task whose start was lost is started by the watch", async () => {
  const file = await SentFile.put(catching, 5);
  const whole = await catching.over(await catching.started({ ...file.request, host: "function" }));
  const like = await tasks.get(whole.task_id);
  if (!like) throw new Error("The task is gone.");
  // The state after the API crashed between writing a task and starting it.
  const { request, expires_at } = like;
  const at = new Date(Date.now() - 61_000).toISOString();
  const lost = { task_id: newTaskId(Date.now()), created_at: at, updated_at: at, request, expires_at };
  await tasks.create({ ...lost, alive_until: Date.now() + 3_600_000, status: "PENDING" });

  expect(await overInTable(lost.task_id)).toMatchObject({ status: "COMPLETED", counts: { processed: 5 } });
});

test("no process of the stack was refused anything", () => nothingWasRefused(catching.stack));
