import { z } from "zod";
import { readSecret } from "../../core/settings/secret.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import { askJson } from "../ask-json.ts";
import { acceptedTask, type ShownTask, shownTask } from "../catchup/client.ts";
import type { StackOutputs } from "../target.ts";

const prefix = "/api/v1";
const count = z.number();

/** The status names of the catch-up API and its commands. */
const statusOf = {
  pending: "PENDING",
  processing: "IN_PROGRESS",
  completed: "COMPLETED",
  partially_completed: "PARTIALLY_COMPLETED",
  failed: "FAILED",
  cancelled: "CANCELLED",
} as const;

export const bulkStatuses = Object.keys(statusOf) as (keyof typeof statusOf)[];

const { progress, request } = shownTask.shape;

const bulkTask = shownTask
  .omit({ request: true, dry_run: true })
  .extend({
    status: z.enum(bulkStatuses).transform((status) => statusOf[status]),
    progress: progress.omit({ under_way: true }),
    parameters: request.extend({ dry_run: z.boolean() }),
  })
  .transform(
    ({ parameters, progress, ...task }): ShownTask => ({
      ...task,
      progress: { ...progress, under_way: { embedded_records: 0, written_records: 0 } },
      request: parameters,
      dry_run: parameters.dry_run,
    }),
  );

const health = z.object({
  status: z.string(),
  version: z.string(),
  workers: z.object({ active: count, available: count, queued_tasks: count.nullable() }),
  redis: z.string(),
  dynamodb: z.string(),
});

export type BulkHealth = z.infer<typeof health>;

const jobCounts = z.object({ waiting: count, active: count, delayed: count, waiting_children: count });

const monitoring = z.object({
  workers: z.array(z.object({ id: z.string(), slots: count, busy: count, seen_at: z.string() })),
  queues: z.object({ tasks: jobCounts, chunks: jobCounts }),
  statistics: z.object({
    tasks: count,
    processed_records: count,
    failed_records: count,
    failure_rate: count,
    seconds_per_1000_records: count.nullable(),
  }),
  active: z.array(
    z.object({
      task_id: z.string(),
      total_records: count.nullable(),
      records_over: count,
      updated_at: z.string(),
    }),
  ),
  anomalies: z.array(
    z.object({ task_id: z.string(), kind: z.string(), severity: z.string(), detail: z.string() }),
  ),
});

export type BulkMonitoring = z.infer<typeof monitoring>;

/** The stack has no bulk API. */
export class BulkNotDeployedError extends VectorkeepError {
  constructor() {
    super(
      "This stack has no bulk API.",
      "Enable it with `pulumi config set bulk:enabled true`, set what it needs, and deploy again.",
    );
  }
}

/** The bulk API does not respond, or is temporarily unavailable. A retry may succeed. */
export class BulkUnreachableError extends VectorkeepError {
  constructor(url: string, what: string, options?: ErrorOptions) {
    super(
      `The bulk API at ${url} does not answer: ${what}.`,
      "Start the local stack with `npm start`; a deployed one answers only the ranges of bulk:allowedCidrs and its VPC.",
      options,
    );
  }
}

/** The bulk API rejected a request. */
export class BulkRefusedError extends VectorkeepError {
  constructor(status: number, message: string) {
    super(`The bulk API answered ${status}: ${message}`, "");
  }
}

/** A client of a stack's bulk API. It authenticates with the stack's key from Secrets Manager. */
export class BulkClient {
  readonly #url: string;
  readonly #apiKey: string;

  constructor(url: string, apiKey: string) {
    this.#url = `${url.replace(/\/+$/, "")}${prefix}`;
    this.#apiKey = apiKey;
  }

  /** The AWS environment of the stack must be set. */
  static async of({ url, apiKeySecret }: NonNullable<StackOutputs["bulk"]>): Promise<BulkClient> {
    return new BulkClient(url, await readSecret(apiKeySecret, "bulk:apiKey"));
  }

  /** Returns the id of the task: a new one, or the one that already processes the same request. */
  async start(request: Readonly<Record<string, unknown>>, idempotencyKey?: string): Promise<string> {
    const headers = idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
    return acceptedTask.parse(await this.#ask("POST", "/process", request, headers)).task_id;
  }

  /** Returns the newest tasks, of one status or of all. */
  async list(status: string | undefined): Promise<ShownTask[]> {
    const query = status === undefined ? "" : `?status_filter=${encodeURIComponent(status)}`;
    return z.object({ tasks: z.array(bulkTask) }).parse(await this.#ask("GET", `/tasks${query}`)).tasks;
  }

  async status(taskId: string): Promise<ShownTask> {
    return bulkTask.parse(await this.#ask("GET", `/status/${encodeURIComponent(taskId)}`));
  }

  async cancel(taskId: string): Promise<void> {
    await this.#ask("DELETE", `/task/${encodeURIComponent(taskId)}`);
  }

  /** Returns the id of a new task for the failed records of all or of some chunks. */
  async retry(taskId: string, chunks?: readonly number[]): Promise<string> {
    const path = `/task/${encodeURIComponent(taskId)}/retry`;
    return acceptedTask.parse(await this.#ask("POST", path, chunks === undefined ? {} : { chunks })).task_id;
  }

  async monitoring(): Promise<BulkMonitoring> {
    return monitoring.parse(await this.#ask("GET", "/monitoring"));
  }

  /** Returns the health, even if the service does not accept work. */
  async health(): Promise<BulkHealth> {
    const answer = await this.#send("GET", "/health").catch((cause: unknown) => {
      throw new BulkUnreachableError(this.#url, "there is no connection", { cause });
    });
    const said = health.safeParse(await answer.json().catch(() => undefined));
    if (said.success) return said.data;
    throw new BulkUnreachableError(this.#url, `HTTP ${answer.status}`);
  }

  /** Throws BulkUnreachableError and BulkRefusedError. */
  async #ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    return askJson(() => this.#send(method, path, body, headers), {
      unreachable: (what, options) => new BulkUnreachableError(this.#url, what, options),
      refused: (status, message) => new BulkRefusedError(status, message),
    });
  }

  #send(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      method,
      headers: {
        "x-api-key": this.#apiKey,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }
}
