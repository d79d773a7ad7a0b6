import { createReadStream } from "node:fs";
import OpenAI, { APIError, NotFoundError, toStreamingFile } from "openai";
import { judge } from "../../embedding/judge.ts";
import { safeWords } from "../../embedding/provider-error.ts";
import { BatchRefusedError, BatchUnavailableError } from "./batch-errors.ts";

const shortMs = 30_000;
/** Of an upload or a download, which are hundreds of megabytes. */
const longMs = 600_000;
/** The provider deletes files by itself, should no process do so. */
const filesExpireAfterSeconds = 3 * 86_400;
/** Clocks of this process and the provider may differ by this much. */
const clockSkewMs = 5 * 60_000;
/** Of lists, which name the newest first. */
const pageSize = 100;

export type ProviderBatch = OpenAI.Batch;

const endedStatuses = new Set<ProviderBatch["status"]>(["completed", "failed", "expired", "cancelled"]);

export function hasEnded({ status }: ProviderBatch): boolean {
  return endedStatuses.has(status);
}

/** Metadata by which a batch is found again if its id was lost. */
export interface BatchLabel {
  /** `{task_id}/{unit}` */
  readonly vectorkeep_unit: string;
  readonly vectorkeep_digest: string;
}

/**
 * OpenAI's Files and Batch API. No call that creates something is repeated here: only its caller knows how to look for
 * what a lost answer has created. Throws BatchRefusedError and BatchUnavailableError.
 */
export class BatchProvider {
  readonly #client: OpenAI;
  readonly #apiKey: string;
  readonly #giveUpAt: number;

  constructor(options: { readonly apiKey: string; readonly baseUrl: string; readonly giveUpAt: number }) {
    this.#apiKey = options.apiKey;
    this.#giveUpAt = options.giveUpAt;
    this.#client = new OpenAI({ apiKey: options.apiKey, baseURL: options.baseUrl, maxRetries: 2 });
  }

  /** Throws unless the provider has a Batch API that this key may use. */
  async check(): Promise<void> {
    await this.#call(() => this.#client.batches.list({ limit: 1 }, this.#within(shortMs)));
  }

  /** Resolves to the id of the file. */
  async upload(path: string, name: string): Promise<string> {
    const { id } = await this.#call(() =>
      this.#client.files.create(
        {
          file: toStreamingFile(createReadStream(path), name, { type: "application/jsonl" }),
          purpose: "batch",
          expires_after: { anchor: "created_at", seconds: filesExpireAfterSeconds },
        },
        { ...this.#within(longMs), maxRetries: 0 },
      ),
    );
    return id;
  }

  /** The file of this name that was uploaded since then (epoch milliseconds); undefined if there is none. */
  findFile(name: string, since: number): Promise<string | undefined> {
    return this.#call(async () => {
      const query = { purpose: "batch", order: "desc", limit: pageSize } as const;
      for await (const { id, filename, created_at } of this.#client.files.list(
        query,
        this.#within(shortMs),
      )) {
        if (created_at * 1000 < since - clockSkewMs) return undefined;
        if (filename === name) return id;
      }
      return undefined;
    });
  }

  create(inputFileId: string, label: BatchLabel): Promise<ProviderBatch> {
    return this.#call(() =>
      this.#client.batches.create(
        {
          input_file_id: inputFileId,
          endpoint: "/v1/embeddings",
          completion_window: "24h",
          metadata: { ...label },
          output_expires_after: { anchor: "created_at", seconds: filesExpireAfterSeconds },
        },
        { ...this.#within(shortMs), maxRetries: 0 },
      ),
    );
  }

  /** The oldest batch with this label that was created since then; undefined if there is none. */
  find(label: BatchLabel, since: number): Promise<ProviderBatch | undefined> {
    return this.#call(async () => {
      let found: ProviderBatch | undefined;
      for await (const batch of this.#client.batches.list({ limit: pageSize }, this.#within(shortMs))) {
        if (batch.created_at * 1000 < since - clockSkewMs) break;
        if (isLabelled(batch, label)) found = batch;
      }
      return found;
    });
  }

  /** Undefined if the provider does not know the batch. */
  retrieve(id: string): Promise<ProviderBatch | undefined> {
    return this.#call(() =>
      this.#client.batches.retrieve(id, this.#within(shortMs)).catch((error: unknown) => {
        if (error instanceof NotFoundError) return undefined;
        throw error;
      }),
    );
  }

  /** Succeeds if the batch has ended or is unknown. */
  async cancel(id: string): Promise<void> {
    await this.#evenIfRefused(() => this.#client.batches.cancel(id, this.#within(shortMs)));
  }

  /** The bytes of a file; undefined if there is none. Errors in the middle are thrown by the iteration. */
  async content(fileId: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    return this.#call(async () => {
      const signal = AbortSignal.timeout(this.#timeLeft());
      try {
        const { body } = await this.#client.files.content(fileId, { ...this.#within(longMs), signal });
        return (body ?? undefined) as AsyncIterable<Uint8Array> | undefined;
      } catch (error) {
        if (error instanceof NotFoundError) return undefined;
        throw error;
      }
    });
  }

  /** Succeeds if there is no such file. */
  async deleteFile(id: string): Promise<void> {
    await this.#evenIfRefused(() => this.#client.files.delete(id, this.#within(shortMs)));
  }

  async #evenIfRefused(call: () => Promise<unknown>): Promise<void> {
    await this.#call(call).catch((error: unknown) => {
      if (!(error instanceof BatchRefusedError)) throw error;
    });
  }

  async #call<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof APIError)) throw error;
      const { kind } = judge(error);
      const words = safeWords(error.message, this.#apiKey);
      throw kind === "retry" || kind === "defer"
        ? new BatchUnavailableError(words, { cause: error })
        : new BatchRefusedError(words, { cause: error });
    }
  }

  #within(ms: number): { readonly timeout: number } {
    return { timeout: Math.min(ms, this.#timeLeft()) };
  }

  #timeLeft(): number {
    return Math.max(1, this.#giveUpAt - Date.now());
  }
}

function isLabelled({ metadata }: ProviderBatch, label: BatchLabel): boolean {
  return Object.entries(label).every(([name, value]) => metadata?.[name] === value);
}
