import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import * as z from "zod";
import type { BatchFault, BatchFaults } from "./batch-faults.ts";
import { type BatchLine, type BatchProblem, readLines } from "./batch-lines.ts";
import type { HurriedClock } from "./hurried-clock.ts";
import type { StoredFiles } from "./stored-files.ts";
import { ApiError } from "./wire.ts";

const daySeconds = 86_400;

const newBatch = z.object({
  input_file_id: z.string(),
  endpoint: z.literal("/v1/embeddings"),
  completion_window: z.literal("24h"),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  output_expires_after: z
    .object({ anchor: z.literal("created_at"), seconds: z.number().min(3_600).max(2_592_000) })
    .optional(),
});

type NewBatch = z.infer<typeof newBatch>;

/** A batch as OpenAI's API shows it. Times are epoch seconds. */
interface ShownBatch extends Omit<NewBatch, "output_expires_after"> {
  readonly id: string;
  readonly object: "batch";
  status: string;
  readonly created_at: number;
  readonly expires_at: number;
  errors?: { readonly object: "list"; readonly data: readonly BatchProblem[] };
  output_file_id?: string;
  error_file_id?: string;
  in_progress_at?: number;
  completed_at?: number;
  failed_at?: number;
  expired_at?: number;
  cancelled_at?: number;
  request_counts: { total: number; completed: number; failed: number };
}

interface Batch {
  readonly shown: ShownBatch;
  readonly fault: BatchFault;
  readonly expiresAfterSeconds: number | undefined;
  /** Processed so far. */
  readonly output: string[];
  readonly errors: string[];
  /** The custom ids of requests that are not processed yet. */
  left: string[];
  isProcessed: boolean;
  cancels: boolean;
  /** Set while files are written. */
  ends: boolean;
}

/** Answers the body of an embedding request, and counts it. */
export type EmbedLine = (body: string) => Promise<object>;

export interface BatchesDeps {
  readonly files: StoredFiles;
  readonly faults: BatchFaults;
  readonly clock: HurriedClock;
  readonly embed: EmbedLine;
}

const ended = new Set(["failed", "completed", "expired", "cancelled"]);

/** Batches of embedding requests, processed in the background as soon as they are created. */
export class Batches {
  readonly #batches = new Map<string, Batch>();
  readonly #deps: BatchesDeps;

  constructor(deps: BatchesDeps) {
    this.#deps = deps;
  }

  /** Resolves to undefined if the answer is to be lost. */
  create(body: unknown): ShownBatch | undefined {
    const parsed = newBatch.safeParse(body);
    if (!parsed.success) throw new ApiError(400, z.prettifyError(parsed.error), null, "invalid_value");
    const { output_expires_after, ...asked } = parsed.data;
    const input = this.#deps.files.get(asked.input_file_id);
    if (input?.purpose !== "batch")
      throw new ApiError(400, `Cannot find file ${asked.input_file_id}.`, "file_id", null);
    const now = this.#deps.clock.seconds();
    const batch: Batch = {
      shown: {
        ...asked,
        id: `batch_${randomBytes(12).toString("hex")}`,
        object: "batch",
        status: "validating",
        created_at: now,
        expires_at: now + daySeconds,
        request_counts: { total: 0, completed: 0, failed: 0 },
      },
      fault: this.#deps.faults.ofNextBatch(),
      expiresAfterSeconds: output_expires_after?.seconds,
      output: [],
      errors: [],
      left: [],
      isProcessed: false,
      cancels: false,
      ends: false,
    };
    this.#batches.set(batch.shown.id, batch);
    void this.#process(batch, readLines(this.#deps.files.content(input)));
    return batch.fault.answerLost ? undefined : batch.shown;
  }

  async get(id: string): Promise<ShownBatch> {
    const batch = this.#find(id);
    await this.#endIfDue(batch);
    return batch.shown;
  }

  async cancel(id: string): Promise<ShownBatch> {
    const batch = this.#find(id);
    if (ended.has(batch.shown.status))
      throw new ApiError(409, `Cannot cancel a batch with status '${batch.shown.status}'.`, null, null);
    batch.cancels = true;
    batch.shown.status = "cancelling";
    return batch.shown;
  }

  /** Newest first. */
  async all(): Promise<ShownBatch[]> {
    const now = this.#deps.clock.seconds();
    const listed = [...this.#batches.values()]
      .filter(({ shown, fault }) => now >= shown.created_at + fault.unlistedSeconds)
      .reverse();
    for (const batch of listed) await this.#endIfDue(batch);
    return listed.map(({ shown }) => shown);
  }

  #find(id: string): Batch {
    const batch = this.#batches.get(id);
    if (!batch) throw new ApiError(404, `No batch found with id '${id}'.`, null, null);
    return batch;
  }

  async #process(batch: Batch, reading: Promise<BatchLine[] | BatchProblem>): Promise<void> {
    const { shown, fault } = batch;
    const read = await reading;
    const problem = "code" in read ? read : problemOf(fault);
    if (problem !== undefined || "code" in read) {
      shown.errors = { object: "list", data: problem ? [problem] : [] };
      shown.failed_at = this.#deps.clock.seconds();
      shown.status = "failed";
      return;
    }
    shown.request_counts.total = read.length;
    shown.in_progress_at = this.#deps.clock.seconds();
    if (!batch.cancels) shown.status = "in_progress";
    batch.left = read.map(({ custom_id }) => custom_id);
    for (const [position, line] of read.slice(0, fault.processes).entries()) {
      if (batch.cancels) break;
      await this.#processLine(batch, line, position);
      batch.left.shift();
    }
    batch.isProcessed = true;
  }

  async #processLine(
    { shown, fault, output, errors }: Batch,
    line: BatchLine,
    position: number,
  ): Promise<void> {
    const { custom_id, body } = line;
    const answer = fault.errorLines.includes(position)
      ? new ApiError(500, "The server had an error while processing the request.", null, "server_error")
      : await this.#deps.embed(JSON.stringify(body)).catch((error: unknown) => asApiError(error));
    const isError = answer instanceof ApiError;
    shown.request_counts[isError ? "failed" : "completed"] += 1;
    if (fault.missingLines.includes(position)) return;
    const shortened = isError ? answer.body() : withShortVectors(answer, position, fault);
    const text = JSON.stringify({
      id: `batch_req_${randomBytes(8).toString("hex")}`,
      custom_id,
      response: { status_code: isError ? answer.status : 200, request_id: "", body: shortened },
      error: null,
    });
    const whole = fault.garbledLines.includes(position) ? text.slice(0, text.length / 2) : text;
    (isError ? errors : output).push(`${whole}\n`);
  }

  async #endIfDue(batch: Batch): Promise<void> {
    const { shown, fault, left } = batch;
    const now = this.#deps.clock.seconds();
    if (ended.has(shown.status) || !batch.isProcessed || batch.ends) return;
    const isDone = left.length === 0 && fault.takesSeconds < daySeconds;
    const status = batch.cancels
      ? "cancelled"
      : isDone && now >= shown.created_at + fault.takesSeconds
        ? "completed"
        : !isDone && now >= shown.expires_at
          ? "expired"
          : undefined;
    if (status === undefined) return;
    batch.ends = true;
    const expired = status === "expired" ? left.map(expiredLine) : [];
    const output = fault.reversed ? batch.output.toReversed() : batch.output;
    await this.#keep(batch, "output_file_id", output);
    await this.#keep(batch, "error_file_id", [...batch.errors, ...expired]);
    shown[`${status}_at`] = now;
    shown.status = status;
  }

  async #keep(
    { shown, expiresAfterSeconds }: Batch,
    which: "output_file_id" | "error_file_id",
    lines: readonly string[],
  ): Promise<void> {
    if (lines.length === 0) return;
    const filename = `${shown.id}_${which === "output_file_id" ? "output" : "error"}.jsonl`;
    const file = await this.#deps.files.add(Readable.from(lines), {
      filename,
      purpose: "batch_output",
      expiresAfterSeconds,
    });
    shown[which] = file.id;
  }
}

function problemOf({ failsWith }: BatchFault): BatchProblem | undefined {
  return failsWith === undefined
    ? undefined
    : { code: failsWith, message: "Enqueued token limit reached.", line: null, param: null };
}

function expiredLine(custom_id: string): string {
  const message = "This request could not be executed before the completion window expired.";
  return `${JSON.stringify({ id: "", custom_id, response: null, error: { code: "batch_expired", message } })}\n`;
}

function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(500, String(error), null, null);
}

function withShortVectors(answer: object, position: number, fault: BatchFault): object {
  const isWhole = fault.shortAnswers.includes(position);
  if (!isWhole && !fault.shortVectors.includes(position)) return answer;
  const { data } = answer as { readonly data: readonly { readonly embedding: string }[] };
  const shorten = ({ embedding, ...rest }: { readonly embedding: string }) => ({
    ...rest,
    embedding: Buffer.from(embedding, "base64").subarray(4).toString("base64"),
  });
  return { ...answer, data: data.map((one, index) => (isWhole || index === 0 ? shorten(one) : one)) };
}
