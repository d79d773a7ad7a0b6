import { z } from "zod";
import { isOpen, statuses } from "../../core/catchup/tasks/task.ts";
import { readSecret } from "../../core/settings/secret.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import { askJson } from "../ask-json.ts";
import { type RequestSigner, requestSigner } from "../request-signer.ts";
import type { StackOutputs } from "../target.ts";

const count = z.number();

/** A task in the format of the API. */
export const shownTask = z.object({
  task_id: z.string(),
  status: z.enum(statuses),
  created_at: z.string(),
  completed_at: z.string().nullable(),
  progress: z.object({
    total_records: count.nullable(),
    processed_records: count,
    failed_records: count,
    filtered_records: count,
    duplicate_records: count,
    unchanged_records: count,
    cached_records: count,
    chunks_total: count.nullable(),
    chunks_completed: count,
    chunks_failed: count,
    under_way: z.object({ embedded_records: count, written_records: count }),
  }),
  error: z.string().nullable(),
  failed_records_key: z.string().nullable(),
  duplicate_records_key: z.string().nullable(),
  dry_run: z.boolean(),
  /** The accepted request. */
  request: z.looseObject({
    data_source: z.string(),
    question_id: z.string(),
    s3_key: z.string().optional(),
    retry_of: z.string().optional(),
  }),
  estimate: z
    .object({
      tokens: count,
      cost_usd: count,
      seconds: count,
      /** Tasks of the bulk API have none. */
      batch: z.object({ cost_usd: count, seconds: count }).optional(),
    })
    .nullable(),
});

export type ShownTask = z.infer<typeof shownTask>;

/** The response of both APIs. */
export const acceptedTask = z.object({ task_id: z.string() });

export function isOver({ status }: ShownTask): boolean {
  return !isOpen(status);
}

/** The stack has no catch-up API. */
export class CatchUpNotDeployedError extends VectorkeepError {
  constructor() {
    super(
      "This stack has no catch-up API.",
      "Enable it with `pulumi config set catchup:enabled true`, set what it needs, and deploy again.",
    );
  }
}

/** The catch-up API does not respond, or is temporarily unavailable. A retry may succeed. */
export class CatchUpUnreachableError extends VectorkeepError {
  constructor(url: string, what: string, options?: ErrorOptions) {
    super(
      `The catch-up API at ${url} does not answer: ${what}.`,
      "Start the local stack with `npm start`; of a deployed one, look into the log of the api function.",
      options,
    );
  }
}

/** The catch-up API rejected a request. */
export class CatchUpRefusedError extends VectorkeepError {
  constructor(status: number, message: string) {
    super(`The catch-up API answered ${status}: ${message}`, "");
  }
}

/**
 * A client of a stack's catch-up API. It authenticates with the stack's key from Secrets Manager, and signs requests if
 * the stack requires it.
 */
export class CatchUpClient {
  readonly #url: string;
  readonly #apiKey: string;
  readonly #sign: RequestSigner;

  constructor(url: string, apiKey: string, sign: RequestSigner = async ({ headers }) => headers) {
    this.#url = url.replace(/\/+$/, "");
    this.#apiKey = apiKey;
    this.#sign = sign;
  }

  /** The AWS environment of the stack must be set. */
  static async of({
    url,
    apiKeySecret,
    authorization,
  }: NonNullable<StackOutputs["catchUp"]>): Promise<CatchUpClient> {
    const apiKey = await readSecret(apiKeySecret, "catchup:apiKey");
    return authorization === "key-and-iam"
      ? new CatchUpClient(url, apiKey, requestSigner())
      : new CatchUpClient(url, apiKey);
  }

  /** Returns the id of the task: a new one, or the one that already processes the same request. */
  async start(request: Readonly<Record<string, unknown>>, idempotencyKey?: string): Promise<string> {
    const headers = idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
    return acceptedTask.parse(await this.#ask("POST", "/process", request, headers)).task_id;
  }

  /** Returns the newest tasks, of one status or of all. */
  async list(status: string | undefined): Promise<ShownTask[]> {
    const query = status === undefined ? "" : `?status=${encodeURIComponent(status)}`;
    return z.object({ tasks: z.array(shownTask) }).parse(await this.#ask("GET", `/tasks${query}`)).tasks;
  }

  /** Returns the id of a new task for the failed records. */
  async retryFailed(taskId: string): Promise<string> {
    const answer = await this.#ask("POST", `/tasks/${encodeURIComponent(taskId)}/retry-failed`);
    return acceptedTask.parse(answer).task_id;
  }

  async cancel(taskId: string): Promise<ShownTask> {
    return shownTask.parse(await this.#ask("POST", `/tasks/${encodeURIComponent(taskId)}/cancel`));
  }

  async status(taskId: string): Promise<ShownTask> {
    return shownTask.parse(await this.#ask("GET", `/status?task_id=${encodeURIComponent(taskId)}`));
  }

  /** Throws CatchUpUnreachableError and CatchUpRefusedError. */
  async #ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const url = new URL(`${this.#url}${path}`);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const own = { "x-api-key": this.#apiKey, "content-type": "application/json", ...headers };
    const signed = await this.#sign({ method, url, headers: own, body: text });
    return askJson(() => fetch(url, { method, headers: signed, ...(text !== undefined && { body: text }) }), {
      unreachable: (what, options) => new CatchUpUnreachableError(this.#url, what, options),
      refused: (status, message) => new CatchUpRefusedError(status, message),
    });
  }
}
