import type { Job } from "bullmq";
import type { TaskJob } from "../../../core/bulk/broker/jobs.ts";
import { Outages } from "../../../core/bulk/work/outages.ts";
import { processTask, type TaskProcessorDeps } from "../../../core/bulk/work/task-processor.ts";
import { TaskRig } from "../../unit/catchup/task-rig.ts";
import { TaskTables } from "../../unit/catchup/task-tables.ts";

let tables: TaskTables;

beforeAll(async () => {
  tables = await TaskTables.start();
});
afterAll(() => tables.stop());
afterEach(() => jest.restoreAllMocks());

/** The job of a task as a worker gets it; its chunks are over, so it waits for none. */
function jobOf(taskId: string, step: TaskJob["step"]): Job<TaskJob> {
  const job: Partial<Job<TaskJob>> = {
    data: { task_id: taskId, step },
    opts: { attempts: 4 },
    attemptsMade: 0,
    updateData: async () => {},
    changePriority: async () => {},
    moveToWaitingChildren: async () => false,
  };
  return job as Job<TaskJob>;
}

/** A killed process is a promise that is never settled. */
class KilledRig extends TaskRig {
  begun = 0;
  readonly #kill = () => {
    this.begun += 1;
    return new Promise<never>(() => {});
  };

  get deps(): TaskProcessorDeps {
    return { ...this.taskServices, rowsPerFunction: 0, outages: new Outages() };
  }

  async killed(work: (deps: TaskProcessorDeps) => Promise<void>): Promise<void> {
    const before = this.begun;
    const kill = { open: this.#kill, write: this.#kill, read: this.#kill };
    const of = <Store extends object>(store: Store): Store => Object.assign(Object.create(store), kill);
    void work({ ...this.deps, source: of(this.deps.source), work: of(this.deps.work) });
    while (this.begun === before) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe.each(["dispatch", "settle"] as const)("the step to %s", (step) => {
  let rig: KilledRig;
  let id: string;
  const attempt = (deps: TaskProcessorDeps) => processTask(jobOf(id, step), "", deps);

  beforeEach(async () => {
    rig = new KilledRig(tables);
    id = await rig.accept("id,formatted_text\n1,a\n", { host: "workers" });
    if (step === "settle") {
      await rig.run(id);
      for (const chunk of rig.chunksOf(id)) await rig.chunk(id, chunk);
    }
  });

  test("fails the task with the reason once five processes were killed in it", async () => {
    for (let time = 0; time < 5; time += 1) await rig.killed(attempt);
    expect((await rig.task(id)).status).not.toBe("FAILED");
    await attempt(rig.deps);
    expect(await rig.task(id)).toMatchObject({
      status: "FAILED",
      error: expect.stringContaining("killed in 5 consecutive attempts"),
    });
  });

  test("takes an attempt that ended or failed for none", async () => {
    for (let time = 0; time < 4; time += 1) await rig.killed(attempt);
    const failing = Object.assign(Object.create(rig.deps.work), {
      read: async () => {
        throw new Error("S3 is away");
      },
    });
    await expect(attempt({ ...rig.deps, work: failing })).rejects.toThrow("S3 is away");
    for (let time = 0; time < 4; time += 1) await rig.killed(attempt);
    await attempt(rig.deps);
    expect((await rig.task(id)).error ?? "").not.toContain("killed");
  });

  test("ends with the error of its work where the table does not answer after it", async () => {
    let isAway = false;
    const work = Object.assign(Object.create(rig.deps.work), {
      read: async () => {
        isAway = true;
        throw new Error("S3 is away");
      },
    });
    const { tasks } = rig.deps;
    const { change } = tasks;
    jest
      .spyOn(tasks, "change")
      .mockImplementation((...args) =>
        isAway ? Promise.reject(new Error("DynamoDB is away")) : change.apply(tasks, args),
      );
    await expect(attempt({ ...rig.deps, work })).rejects.toThrow("S3 is away");
  });
});
