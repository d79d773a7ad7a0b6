import { Errors, type Index, Pinecone } from "@pinecone-database/pinecone";
import { errorIn, safeWords } from "../../../embedding/provider-error.ts";
import { batchesByCount } from "../../../resilience/batch.ts";
import type { CellValue } from "../../records/cell-value.ts";
import { fetchWithRetry } from "../fetch-with-retry.ts";
import { IndexNotAllowedError, IndexThrottledError, IndexUnavailableError } from "../index-errors.ts";
import { httpError, refusalOf } from "../refusal-of.ts";
import type { SinkDescription, SinkLimits, SinkVector, VectorSink } from "../vector-sink.ts";
import { bytesPerNumber } from "../vectors-json.ts";
import { upsertBody } from "./upsert-body.ts";

/** The ids of a fetch are in its URL, whose length is limited. */
const idsPerFetch = 50;
const idsPerDelete = 1_000;
const metadataBytes = 40_960;

const sink = "pinecone";
const limits: SinkLimits = {
  vectors: 1_000,
  // The limit is 2 MB; the JSON frame adds to the vectors.
  bytes: 1_900_000,
  bytesPerNumber,
  // Each request holds its vectors as numbers, as JSON and as bytes.
  inFlight: 3,
  metadataBytes,
  filterableBytes: metadataBytes,
  metadataKeys: Number.POSITIVE_INFINITY,
};

export interface PineconeSinkOptions {
  readonly apiKey: string;
  /** The host of the index, as in Pinecone's console. */
  readonly host: string;
  /** Deadline of a call that starts now; epoch milliseconds. */
  readonly giveUpAt: () => number;
}

/** The version of the client for all other calls; a test compares the two. */
const apiVersion = "2026-07";

/** A Pinecone index. Uses the official client except for upserts. Throws the errors of index-errors.ts. */
export class PineconeSink implements VectorSink {
  readonly sink = sink;
  readonly limits = limits;
  readonly #index: Index<Record<string, CellValue>>;
  readonly #options: PineconeSinkOptions;
  readonly #send: typeof fetch;

  constructor(options: PineconeSinkOptions) {
    const { apiKey, host, giveUpAt } = options;
    const client = new Pinecone({ apiKey, fetchApi: fetchWithRetry(sink, giveUpAt) });
    this.#index = client.index({ host });
    this.#options = options;
    this.#send = fetchWithRetry(sink, giveUpAt, { retriesServerErrors: true });
  }

  /**
   * Serializes the body itself, because the client would use more CPU for the numbers than all other steps of a row.
   */
  async upsert(namespace: string, vectors: readonly SinkVector[]): Promise<void> {
    const { apiKey, host } = this.#options;
    const answer = await this.#send(`${host.replace(/\/+$/, "")}/vectors/upsert`, {
      method: "POST",
      headers: {
        "api-key": apiKey,
        "content-type": "application/json",
        "x-pinecone-api-version": apiVersion,
      },
      body: upsertBody(namespace, vectors),
    }).catch((error: Error) => {
      throw error instanceof IndexThrottledError ? error : new IndexUnavailableError(sink, error);
    });
    if (answer.ok) return;
    const said = errorIn(await answer.json().catch(() => undefined))?.message ?? "";
    throw ownRefusalOf(answer.status, httpError(answer.status, safeWords(said, apiKey)));
  }

  async contentHashes(namespace: string, ids: readonly string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const some of batchesByCount(ids, idsPerFetch)) {
      const { records } = await answered(this.#index.fetch({ namespace, ids: some }));
      for (const [id, { metadata }] of Object.entries(records)) {
        if (typeof metadata?.content_hash === "string") found.set(id, metadata.content_hash);
      }
    }
    return found;
  }

  async delete(namespace: string, ids: readonly string[]): Promise<void> {
    for (const some of batchesByCount(ids, idsPerDelete)) {
      await answered(this.#index.deleteMany({ namespace, ids: some }).catch(ignoreMissing));
    }
  }

  /** All namespaces of an index have its dimension. */
  async describe(namespace: string): Promise<SinkDescription> {
    const { dimension, namespaces } = await answered(this.#index.describeIndexStats());
    return { dimension, isUsed: (namespaces?.[namespace]?.recordCount ?? 0) > 0 };
  }
}

/**
 * Ignores status 404, which Pinecone returns for a namespace without vectors. Its client does not distinguish other
 * causes.
 */
function ignoreMissing(error: Error): void {
  if (error instanceof Errors.PineconeNotFoundError) return;
  throw error;
}

async function answered<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    throw failureOf(error as Error);
  }
}

/** The status that each error of the client stands for. It throws an argument error before it sends anything. */
const statuses = [
  [Errors.PineconeArgumentError, 400],
  [Errors.PineconeBadRequestError, 400],
  [Errors.PineconeAuthorizationError, 401],
  [Errors.PineconePaymentRequiredError, 402],
  [Errors.PineconeNotFoundError, 404],
  [Errors.PineconeUnprocessableEntityError, 422],
] as const;

function failureOf(error: Error): Error {
  if (!(error instanceof Errors.BasePineconeError)) return error;
  const status = statuses.find(([kind]) => error instanceof kind)?.[1];
  if (status !== undefined) return ownRefusalOf(status, error);
  return throttled(error) ?? new IndexUnavailableError(sink, error);
}

function ownRefusalOf(status: number, cause: Error): Error {
  if (status === 404) return new IndexNotAllowedError(sink, "there is no index at the host");
  return refusalOf(sink, status, cause);
}

/** The client wraps the errors of its fetch. */
function throttled(error: unknown): IndexThrottledError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof IndexThrottledError) return cause;
  }
  return undefined;
}
