import { Errors, type Index, Pinecone } from "@pinecone-database/pinecone";
import type { CellValue } from "../records/cell-value.ts";
import { fetchWithRetry } from "./fetch-with-retry.ts";
import {
  IndexNotAllowedError,
  IndexThrottledError,
  IndexUnavailableError,
  VectorsRefusedError,
} from "./index-errors.ts";
import type { IndexVector, VectorIndex } from "./vector-index.ts";

/** The ids of a fetch are in its URL, whose length is limited. */
const idsPerFetch = 50;

export interface PineconeIndexOptions {
  readonly apiKey: string;
  /** Address of the index, as Pinecone's console shows it. */
  readonly host: string;
  /** Deadline of a call that starts now; epoch milliseconds. */
  readonly giveUpAt: () => number;
}

/** A Pinecone index, through its official client. Throws the errors of index-errors.ts. */
export class PineconeIndex implements VectorIndex {
  readonly #index: Index<Record<string, CellValue>>;

  constructor({ apiKey, host, giveUpAt }: PineconeIndexOptions) {
    const client = new Pinecone({ apiKey, fetchApi: fetchWithRetry(giveUpAt) });
    this.#index = client.index({ host });
  }

  async upsert(namespace: string, vectors: readonly IndexVector[]): Promise<void> {
    await answered(this.#index.upsert({ namespace, records: [...vectors] }));
  }

  async contentHashes(namespace: string, ids: readonly string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (let start = 0; start < ids.length; start += idsPerFetch) {
      const { records } = await answered(
        this.#index.fetch({ namespace, ids: ids.slice(start, start + idsPerFetch) }),
      );
      for (const [id, { metadata }] of Object.entries(records)) {
        if (typeof metadata?.content_hash === "string") found.set(id, metadata.content_hash);
      }
    }
    return found;
  }

  async dimension(): Promise<number | undefined> {
    const { dimension } = await answered(this.#index.describeIndexStats());
    return dimension;
  }
}

async function answered<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    throw failureOf(error as Error);
  }
}

function failureOf(error: Error): Error {
  const { PineconeBadRequestError, PineconeUnprocessableEntityError, PineconeArgumentError } = Errors;
  for (const refusal of [PineconeBadRequestError, PineconeUnprocessableEntityError, PineconeArgumentError]) {
    if (error instanceof refusal) return new VectorsRefusedError(error);
  }
  if (error instanceof Errors.PineconeAuthorizationError)
    return new IndexNotAllowedError("the key is refused");
  if (error instanceof Errors.PineconePaymentRequiredError)
    return new IndexNotAllowedError("the account's quota is used up");
  if (error instanceof Errors.PineconeNotFoundError)
    return new IndexNotAllowedError("there is no index at the host");
  if (!(error instanceof Errors.BasePineconeError)) return error;
  return throttled(error) ?? new IndexUnavailableError(error);
}

/** The client wraps what its fetch throws. */
function throttled(error: unknown): IndexThrottledError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof IndexThrottledError) return cause;
  }
  return undefined;
}
