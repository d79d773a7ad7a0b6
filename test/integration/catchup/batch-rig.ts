import { setTimeout as sleep } from "node:timers/promises";
import { abandonUnits } from "../../../core/catchup/batch/abandon-units.ts";
import { advanceUnit, giveUpUnit } from "../../../core/catchup/batch/advance-unit.ts";
import { BatchProvider } from "../../../core/catchup/batch/batch-provider.ts";
import { type BatchUnit, unitsOf } from "../../../core/catchup/batch/batch-units.ts";
import type { AdvanceDeps } from "../../../core/catchup/batch/unit-work.ts";
import type { Task } from "../../../core/catchup/tasks/task.ts";
import type { UnitState } from "../../../core/catchup/tasks/unit-store.ts";
import { runChunk } from "../../../core/catchup/work/run-chunk.ts";
import type { RunTaskDeps } from "../../../core/catchup/work/run-task.ts";
import { settleTask } from "../../../core/catchup/work/settle-task.ts";
import { RequestSize } from "../../../core/embedding/embed-each.ts";
import { OpenAiEmbedder } from "../../../core/embedding/openai-embedder.ts";
import { HurriedClock } from "../../../local/embeddings/hurried-clock.ts";
import { type EmbeddingsServer, startEmbeddingsServer } from "../../../local/embeddings/server.ts";
import type { Crashes } from "../../unit/catchup/crashes.ts";
import { TaskRig } from "../../unit/catchup/task-rig.ts";
import type { TaskTables } from "../../unit/catchup/task-tables.ts";

const model = "universal-sentence-encoder-lite";
const dimensions = 512;
/** The server processes a batch meanwhile; its clock is turned by the whole wait. */
const realWaitMs = 10;

/** The real client against the local Batch API, and everything that may end the process in between. */
export class BatchRig extends TaskRig {
  static readonly clock = new HurriedClock();
  readonly server: EmbeddingsServer;
  readonly gauged: number[] = [];
  minSavingUsd = 1;
  readonly #tables: TaskTables;

  constructor(tables: TaskTables, server: EmbeddingsServer) {
    super(tables);
    this.server = server;
    this.#tables = tables;
    this.index.holds = dimensions;
    this.limits = { rows: 4, bytes: 1_000_000 };
  }

  static startServer(): Promise<EmbeddingsServer> {
    return startEmbeddingsServer(0, undefined, BatchRig.clock);
  }

  /** Texts that were paid for since the start of the server. */
  get paid(): { readonly sync: number; readonly batch: number } {
    return { sync: this.server.usage.inputs, batch: this.server.usage.batchInputs };
  }

  async plan(faults: object): Promise<void> {
    const url = new URL("/local/batch-faults", this.server.baseUrl);
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(faults) });
    if (answer.status !== 200) throw new Error(await answer.text());
  }

  override get taskServices(): RunTaskDeps {
    return {
      ...super.taskServices,
      embedderOf: async () => this.syncEmbedder,
      defaultModel: model,
      batches: { check: () => this.provider.check(), minSavingUsd: this.minSavingUsd },
    };
  }

  get provider(): BatchProvider {
    return new BatchProvider({
      apiKey: "any",
      baseUrl: this.server.baseUrl,
      giveUpAt: Date.now() + 60_000,
    });
  }

  get deps(): AdvanceDeps {
    const { source, work, index, cache, namespaces, defaultModel, tokensPerRequest, rules, log, metrics } =
      this.taskServices;
    return {
      source,
      work,
      index,
      tokensPerRequest,
      rules,
      log,
      metrics: { ...metrics, gauge: (_, value) => void this.gauged.push(value) },
      requestSize: new RequestSize(2),
      spaceOf: () => ({ model, dimensions }),
      tasks: this.#tables.tasks,
      units: crashing(this.#tables.units, "units", this.crashes),
      batches: crashing(this.provider, "batches", this.crashes),
      cache,
      namespaces,
      defaultModel,
      provider: this.taskServices.provider,
      clock: BatchRig.clock,
    };
  }

  /** An accepted task in lane batch, with its plan. */
  async planned(csv: string, changed: object = {}): Promise<string> {
    const taskId = await this.accept(csv, { lane: "batch", ...changed });
    await this.run(taskId);
    return taskId;
  }

  units(taskId: string): BatchUnit[] {
    return unitsOf(this.chunksOf(taskId));
  }

  state(taskId: string): Promise<UnitState | undefined> {
    return this.#tables.units.get(taskId, 0);
  }

  advance(taskId: string, unit = this.units(taskId)[0]) {
    if (!unit) throw new Error("The task of this test has no unit.");
    return advanceUnit(taskId, unit, this.deps);
  }

  giveUp(taskId: string) {
    const [unit] = this.units(taskId);
    if (!unit) throw new Error("The task of this test has no unit.");
    return giveUpUnit(taskId, unit, this.deps);
  }

  abandon(taskId: string): Promise<void> {
    return abandonUnits(taskId, this.deps);
  }

  /** As the state machine has it done: calls, waits, calls again. Resolves to the waits. */
  async pay(taskId: string): Promise<number[]> {
    const waits: number[] = [];
    for (;;) {
      const { done, wait_seconds } = await this.advance(taskId);
      if (done) return waits;
      waits.push(wait_seconds);
      await sleep(realWaitMs);
      BatchRig.clock.hurry(wait_seconds);
    }
  }

  /** Processes all chunks by the ordinary function, and settles the task. */
  async finish(taskId: string): Promise<Task> {
    const deps = {
      ...this.taskServices,
      requestSize: new RequestSize(2),
    };
    for (const chunk of this.chunksOf(taskId)) await runChunk({ taskId, chunk }, deps);
    await settleTask(taskId, deps);
    return this.task(taskId);
  }

  get syncEmbedder(): OpenAiEmbedder {
    return new OpenAiEmbedder({
      apiKey: "any",
      baseUrl: this.server.baseUrl,
      model,
      dimensions,
      limiter: { book: async () => 0, giveBack: async () => {} },
      giveUpAt: () => Date.now() + 60_000,
    });
  }
}

/** The same object, whose calls may end the process. */
function crashing<Part extends object>(part: Part, name: string, crashes: Crashes): Part {
  return new Proxy(part, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) =>
        crashes.call(`${name}.${String(property)}`, () => member.apply(target, args));
    },
  });
}
