import { type SFNClient, StartExecutionCommand, StopExecutionCommand } from "@aws-sdk/client-sfn";
import { ModelMissingError } from "../../../core/catchup/namespaces/namespace-errors.ts";
import type { ProcessRequest } from "../../../core/catchup/requests/process-request.ts";
import type { Chunk } from "../../../core/catchup/sources/plan.ts";
import type { Task } from "../../../core/catchup/tasks/task.ts";
import { Executions } from "../../../core/catchup/work/executions.ts";
import { runChunk } from "../../../core/catchup/work/run-chunk.ts";
import { type RunTaskDeps, runTask, type TimeLimits } from "../../../core/catchup/work/run-task.ts";
import { settleTask } from "../../../core/catchup/work/settle-task.ts";
import type { Embedder } from "../../../core/embedding/embedder.ts";
import { ChunkRig } from "./chunk-rig.ts";
import { FakeEmbedder } from "./fake-providers.ts";
import { requestOf } from "./requests.ts";
import { type TaskTables, taskOf } from "./task-tables.ts";

const arn = "arn:aws:states:us-east-1:123456789012:stateMachine:catch-up";

/** A task, what works on it, and what it counts. */
export class TaskRig extends ChunkRig {
  /** Inputs of executions that were started, ARNs of those that were stopped. */
  readonly started: unknown[] = [];
  readonly stopped: (string | undefined)[] = [];
  running = true;
  rowsPerFunction = 1_000;
  readonly other = new FakeEmbedder(this.crashes, "other");
  limits = { rows: 2, bytes: 1_000_000 };
  readonly #tables: TaskTables;

  constructor(tables: TaskTables) {
    super();
    this.#tables = tables;
  }

  get taskServices(): RunTaskDeps {
    return {
      ...this.services,
      embedderOf: async (model) => this.embedderOf(model),
      tasks: this.#tables.tasks,
      chunkCounts: this.#tables.chunkCounts,
      units: this.#tables.units,
      dispatcher: new Executions(this.#states, arn),
      rowsPerFunction: this.rowsPerFunction,
      limits: this.limits,
      metabase: undefined,
      prices: { usdPerMillionTokens: () => 0.02, requestsPerMinute: 1_200, tokensPerMinute: 1_000_000 },
      metrics: this.metrics,
    };
  }

  /** The stack has the models `fake` and `other`. */
  embedderOf(model: string | undefined): Embedder {
    if (model === undefined) return this.embedder;
    if (model === this.other.model) return this.other;
    throw new ModelMissingError(model);
  }

  async accept(csv: string | undefined, changed: Partial<ProcessRequest> = {}): Promise<string> {
    const task = taskOf();
    const key = `${task.task_id}.csv`;
    if (csv !== undefined) this.source.put(key, csv);
    await this.#tables.tasks.create({ ...task, request: requestOf({ s3_key: key, ...changed }) });
    return task.task_id;
  }

  run(taskId: string, limits: Partial<TimeLimits> = {}): Promise<void> {
    const usual = { enoughUntil: Date.now() + 60_000, aliveUntil: Date.now() + 60_000 };
    return runTask(taskId, this.taskServices, { ...usual, ...limits });
  }

  /** As the state machine has it done. */
  chunk(taskId: string, chunk: Chunk): Promise<void> {
    return runChunk({ taskId, chunk }, this.taskServices);
  }

  settle(taskId: string): Promise<void> {
    return settleTask(taskId, this.taskServices);
  }

  async task(taskId: string): Promise<Task> {
    const task = await this.#tables.tasks.get(taskId);
    if (!task) throw new Error("The task of this test is gone.");
    return task;
  }

  chunksOf(taskId: string): Chunk[] {
    const [key = ""] = this.work.keys(`plans/${taskId}/`).filter((name) => name.endsWith("/chunks.json"));
    return JSON.parse(this.work.text(key) ?? "[]");
  }

  /** Row and reason of every failed record of the task. */
  failedRows(taskId: string): [number, string][] {
    return this.listedRows(`failed/${taskId}/`);
  }

  /** Row and reason of every row of the task that a later one replaced. */
  duplicateRows(taskId: string): [number, string][] {
    return this.listedRows(`duplicates/${taskId}/`);
  }

  private listedRows(prefix: string): [number, string][] {
    return this.work
      .keys(prefix)
      .flatMap((key) => (this.work.text(key) ?? "").split("\n").filter(Boolean))
      .map((line) => JSON.parse(line))
      .map(({ row, reason }) => [row, reason]);
  }

  get #states(): SFNClient {
    const send = async (command: unknown) => {
      if (command instanceof StartExecutionCommand) {
        this.started.push(JSON.parse(command.input.input ?? ""));
        return { executionArn: `${arn.replace("stateMachine", "execution")}:${command.input.name}` };
      }
      if (command instanceof StopExecutionCommand) this.stopped.push(command.input.executionArn);
      return { status: this.running ? "RUNNING" : "ABORTED" };
    };
    return { send } as unknown as SFNClient;
  }
}
