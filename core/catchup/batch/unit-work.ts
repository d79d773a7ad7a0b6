import type { Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import type { Clock } from "../../resilience/clock.ts";
import type { ChunkWork, UnpaidDeps } from "../chunks/process-chunk.ts";
import type { VectorSpace } from "../chunks/stored-vectors.ts";
import { PlanMissingError, readChunks, readPlan } from "../sources/stored-plan.ts";
import { isOpen, type Task } from "../tasks/task.ts";
import type { TaskStore } from "../tasks/task-store.ts";
import type { UnitState, UnitStore } from "../tasks/unit-store.ts";
import { BatchRefusedError } from "./batch-errors.ts";
import { type BatchFile, withBatchFile } from "./batch-file.ts";
import { batchWindowSeconds } from "./batch-limits.ts";
import { type BatchLabel, type BatchProvider, hasEnded, type ProviderBatch } from "./batch-provider.ts";
import type { BatchUnit } from "./batch-units.ts";
import { collectOutput } from "./collect-output.ts";
import { readManifest, writeManifest } from "./manifest.ts";

export interface AdvanceDeps extends Omit<UnpaidDeps, "embedder"> {
  /** Of the model that a request names; undefined is the model of the stack. Throws ModelMissingError. */
  readonly spaceOf: (model: string | undefined) => VectorSpace;
  readonly tasks: Pick<TaskStore, "get">;
  readonly units: UnitStore;
  readonly batches: BatchProvider;
  readonly clock: Pick<Clock, "now">;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** The unit's batch is over, or continues after a wait. */
export interface Advance {
  readonly done: boolean;
  /** 0 if it is done. */
  readonly wait_seconds: number;
}

export const done: Advance = { done: true, wait_seconds: 0 };
/** After a call whose effect is unknown, and while another process has the unit. */
const againSeconds = 30;
/** A list names a batch within this time after its creation. */
const listedWithinMs = 120_000;
const minWaitSeconds = 5;
const maxWaitSeconds = 600;
/** A batch is cancelled at this age, an hour after the provider should have ended it, and given up an hour later. */
const cancelAfterMs = (batchWindowSeconds + 3_600) * 1000;
const giveUpAfterMs = (batchWindowSeconds + 7_200) * 1000;

/**
 * The batch of one unit, within one invocation. Every step is written before the next begins, so a process that died anywhere
 * is followed by another.
 */
export class UnitWork {
  readonly #task: Task;
  readonly #unit: BatchUnit;
  readonly #deps: AdvanceDeps;

  constructor(task: Task, unit: BatchUnit, deps: AdvanceDeps) {
    this.#task = task;
    this.#unit = unit;
    this.#deps = deps;
  }

  async advance(): Promise<Advance> {
    const state = await this.#read();
    if (state === undefined) {
      const begun = await this.#put({ step: "uploading", started_at: this.#now() });
      return begun ? this.#upload(begun, false) : again();
    }
    switch (state.step) {
      case "uploading":
        return this.#upload(state, true);
      case "creating":
        return this.#createAgain(state);
      case "running":
        return this.#poll(state);
      case "collected":
        return this.#cleanUp(state);
      case "ended":
        return done;
    }
  }

  /** Cancels the batch and deletes the requests. Idempotent. */
  async abandon(outcome: "cancelled" | "lost"): Promise<Advance> {
    const state = await this.#read();
    if (state === undefined || state.step === "ended") return done;
    if (state.step === "collected") return this.#cleanUp(state);
    const batchId = state.batch_id ?? (state.step === "creating" ? await this.#findLost(state) : undefined);
    if (batchId === undefined && state.step === "creating" && this.#isUnlisted(state)) return again();
    if (batchId !== undefined) await this.#deps.batches.cancel(batchId);
    return this.#end(state, { outcome });
  }

  async #upload(state: UnitState, isRetry: boolean): Promise<Advance> {
    const chunks = await this.#chunks();
    const embedder = this.#deps.spaceOf(this.#task.request.model);
    const deps = { ...this.#deps, embedder };
    const result = await withBatchFile(chunks, deps, (file) => this.#uploadFile(state, file, isRetry));
    return result ?? this.#end(state, { outcome: "nothing_to_pay" });
  }

  async #uploadFile(state: UnitState, file: BatchFile, isRetry: boolean): Promise<Advance> {
    const { digest, manifest, inputs } = file;
    const name = `vectorkeep-${this.#task.task_id}-${this.#unit.unit}-${digest.slice(0, 16)}.jsonl`;
    await writeManifest({ ...this.#place, digest }, manifest, this.#deps.work);
    const known = isRetry ? await this.#deps.batches.findFile(name, state.started_at) : undefined;
    const input_file_id = known ?? (await this.#refusable(() => this.#deps.batches.upload(file.path, name)));
    if (input_file_id instanceof BatchRefusedError) return this.#refused(state, input_file_id);
    const ready = {
      ...state,
      step: "creating",
      digest,
      inputs,
      input_file_id,
      creating_at: this.#now(),
    } as const;
    const written = await this.#put(ready);
    if (written) return this.#create(written);
    // Another process was first, perhaps with the same file.
    const winner = await this.#read();
    if (winner?.input_file_id !== input_file_id) await this.#deps.batches.deleteFile(input_file_id);
    return again();
  }

  /** An earlier process may have created the batch and died before it wrote the id. */
  async #createAgain(state: UnitState): Promise<Advance> {
    const found = await this.#findLost(state);
    if (found !== undefined) return this.#runs(state, found);
    if (this.#isUnlisted(state)) return again();
    const claimed = await this.#put({ ...state, creating_at: this.#now() });
    return claimed ? this.#create(claimed) : again();
  }

  async #create(state: UnitState): Promise<Advance> {
    const created = await this.#refusable(() =>
      this.#deps.batches.create(state.input_file_id ?? "", this.#labelOf(state)),
    );
    return created instanceof BatchRefusedError
      ? this.#refused(state, created)
      : this.#runs(state, created.id);
  }

  async #runs(state: UnitState, batchId: string): Promise<Advance> {
    const running = { ...state, step: "running", batch_id: batchId, running_since: this.#now() } as const;
    const written = await this.#put(running);
    if (written === undefined) {
      // Another process has created a batch too, because the answer of this one came very late.
      const winner = await this.#read();
      if (winner?.batch_id !== undefined && winner.batch_id !== batchId) {
        await this.#deps.batches.cancel(batchId);
      }
      return again();
    }
    this.#log("Batch runs", { batch_id: batchId, texts: state.inputs });
    // A caller who cancelled the task meanwhile could not see the batch yet.
    const task = await this.#deps.tasks.get(this.#task.task_id);
    return task && isOpen(task.status)
      ? { done: false, wait_seconds: minWaitSeconds }
      : this.abandon("cancelled");
  }

  async #poll(state: UnitState): Promise<Advance> {
    const age = this.#now() - (state.running_since ?? state.started_at);
    const batch = await this.#refusable(() => this.#deps.batches.retrieve(state.batch_id ?? ""));
    this.#deps.metrics.gauge("CatchUpBatchAge", age / 1000, "Seconds");
    if (batch === undefined || batch instanceof BatchRefusedError) {
      return this.#end(state, { outcome: "lost", reason: batch?.words });
    }
    if (hasEnded(batch)) return this.#collect(state, batch);
    if (age > giveUpAfterMs) return this.#end(state, { outcome: "lost", reason: batch.status });
    if (age > cancelAfterMs) await this.#deps.batches.cancel(batch.id);
    return { done: false, wait_seconds: waitSeconds(age) };
  }

  async #collect(state: UnitState, batch: ProviderBatch): Promise<Advance> {
    const { work, batches } = this.#deps;
    const manifest = await readManifest({ ...this.#place, digest: state.digest ?? "" }, work);
    const output = batch.output_file_id && manifest ? await batches.content(batch.output_file_id) : undefined;
    const collected = output && manifest && (await collectOutput(this.#task.task_id, output, manifest, work));
    const error = batch.errors?.data?.[0];
    const files = [state.input_file_id, batch.output_file_id, batch.error_file_id];
    const written = await this.#put({
      ...state,
      step: "collected",
      outcome: batch.status === "completed" ? "completed" : outcomeOf(batch.status),
      ...(error && { reason: `${error.code ?? ""} ${error.message ?? ""}`.trim() }),
      files: files.filter((file) => file !== undefined),
      collected_inputs: collected?.inputs ?? 0,
      collected_tokens: collected?.tokens ?? 0,
    });
    return written ? this.#cleanUp(written) : again();
  }

  async #cleanUp(state: UnitState): Promise<Advance> {
    for (const file of state.files ?? []) await this.#deps.batches.deleteFile(file);
    return this.#end(state, {});
  }

  async #refused(state: UnitState, { words }: BatchRefusedError): Promise<Advance> {
    return this.#end(state, { outcome: "refused", reason: words });
  }

  /** The chunks do the rest. A file of requests that was never used is deleted. */
  async #end(state: UnitState, change: Pick<Partial<UnitState>, "outcome" | "reason">): Promise<Advance> {
    if (state.step !== "collected" && state.input_file_id !== undefined) {
      await this.#deps.batches.deleteFile(state.input_file_id);
    }
    const ended = await this.#put({ ...state, ...change, step: "ended" });
    if (ended === undefined) return again();
    const { outcome, reason, inputs = 0, collected_inputs = 0 } = ended;
    if (inputs > collected_inputs && outcome !== "cancelled") {
      this.#deps.metrics.count("CatchUpBatchTextsFallenBack", inputs - collected_inputs);
    }
    this.#log("Batch ended", { batch_id: ended.batch_id, status: outcome, reason, texts: collected_inputs });
    return done;
  }

  async #findLost(state: UnitState): Promise<string | undefined> {
    const found = await this.#deps.batches.find(this.#labelOf(state), state.started_at);
    return found?.id;
  }

  #isUnlisted({ creating_at = 0 }: UnitState): boolean {
    return this.#now() - creating_at < listedWithinMs;
  }

  async #chunks(): Promise<ChunkWork[]> {
    const { task_id: taskId, request } = this.#task;
    const plan = await readPlan(taskId, this.#deps.work);
    if (!plan) throw new PlanMissingError(taskId);
    const { first_chunk: first, chunks } = this.#unit;
    const all = await readChunks(plan, this.#deps.work);
    return all.slice(first, first + chunks).map((chunk) => ({ taskId, chunk, plan, request }));
  }

  async #refusable<Answer>(call: () => Promise<Answer>): Promise<Answer | BatchRefusedError> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof BatchRefusedError) return error;
      throw error;
    }
  }

  #labelOf({ digest = "" }: UnitState): BatchLabel {
    return {
      vectorkeep_unit: `${this.#task.task_id}/${this.#unit.unit}`,
      vectorkeep_digest: digest,
    };
  }

  get #place() {
    return { taskId: this.#task.task_id, unit: this.#unit.unit };
  }

  #read(): Promise<UnitState | undefined> {
    return this.#deps.units.get(this.#task.task_id, this.#unit.unit);
  }

  #put(state: Omit<UnitState, "version" | "unit"> & { version?: number }): Promise<UnitState | undefined> {
    const { task_id, expires_at } = this.#task;
    return this.#deps.units.put(task_id, { ...state, unit: this.#unit.unit }, expires_at);
  }

  #now(): number {
    return this.#deps.clock.now();
  }

  #log(message: string, fields: Parameters<Log["info"]>[1]): void {
    this.#deps.log.info(message, { task_id: this.#task.task_id, unit: this.#unit.unit, ...fields });
  }
}

/** Grows with the age of the batch, to ten minutes. */
export function waitSeconds(ageMs: number): number {
  return Math.round(Math.min(maxWaitSeconds, Math.max(minWaitSeconds, ageMs / 4_000)));
}

export function again(): Advance {
  return { done: false, wait_seconds: againSeconds };
}

function outcomeOf(status: ProviderBatch["status"]): "failed" | "expired" | "cancelled" {
  return status === "expired" || status === "cancelled" ? status : "failed";
}
