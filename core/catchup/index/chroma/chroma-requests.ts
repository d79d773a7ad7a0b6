import * as z from "zod";
import { errorIn, safeWords } from "../../../embedding/provider-error.ts";
import { fetchWithRetry } from "../fetch-with-retry.ts";
import { IndexThrottledError, IndexUnavailableError } from "../index-errors.ts";
import { httpError, refusalOf } from "../refusal-of.ts";

const sink = "chroma";
const chromaError = z.object({ message: z.string() });

export interface ChromaRequestsOptions {
  /** The URL of the database: `{server}/api/v2/tenants/{tenant}/databases/{database}`. */
  readonly url: string;
  /** A self-hosted server may not need a key. */
  readonly apiKey: string | undefined;
  /** Deadline of a call that starts now; epoch milliseconds. */
  readonly giveUpAt: () => number;
}

export interface ChromaAnswer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Returns the message in Chroma's `{"error": "InvalidArgumentError", "message": "..."}`, or in an error of a proxy in
 * front of it.
 */
function messageIn(body: unknown): string {
  const own = chromaError.safeParse(body);
  return own.success ? own.data.message : (errorIn(body)?.message ?? "");
}

/** Requests to a database of Chroma, with retries. */
export class ChromaRequests {
  readonly #options: ChromaRequestsOptions;
  readonly #send: typeof fetch;

  constructor(options: ChromaRequestsOptions) {
    this.#options = options;
    this.#send = fetchWithRetry(sink, options.giveUpAt, { retriesServerErrors: true });
  }

  get(path: string): Promise<ChromaAnswer> {
    return this.#call(path, { method: "GET" });
  }

  post(path: string, body: object | Buffer): Promise<ChromaAnswer> {
    return this.#call(path, {
      method: "POST",
      body: body instanceof Buffer ? new Uint8Array(body) : JSON.stringify(body),
    });
  }

  /** Returns the body of a successful response. Throws the errors of index-errors.ts. */
  accepted({ status, body }: ChromaAnswer): unknown {
    if (status < 300) return body;
    const words = safeWords(messageIn(body), this.#options.apiKey ?? "");
    throw refusalOf(sink, status, httpError(status, words));
  }

  /** Returns the parsed body of a successful response. One of another form is not of Chroma, but of a proxy before it. */
  read<Shape extends z.ZodType>(shape: Shape, answer: ChromaAnswer): z.infer<Shape> {
    const parsed = shape.safeParse(this.accepted(answer));
    if (parsed.success) return parsed.data;
    throw new IndexUnavailableError(sink, new Error("the answer is not one of Chroma"));
  }

  async #call(path: string, init: RequestInit): Promise<ChromaAnswer> {
    const { url, apiKey } = this.#options;
    const headers = { "content-type": "application/json", ...(apiKey && { "x-chroma-token": apiKey }) };
    const answer = await this.#send(`${url}${path}`, { ...init, headers }).catch((error: Error) => {
      throw error instanceof IndexThrottledError ? error : new IndexUnavailableError(sink, error);
    });
    return { status: answer.status, body: await answer.json().catch(() => undefined) };
  }
}
