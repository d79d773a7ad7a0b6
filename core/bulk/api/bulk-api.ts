import swagger from "@fastify/swagger";
import type { Queue } from "bullmq";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { jsonSchemaTransform, serializerCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import * as z from "zod";
import { answerTo } from "../../catchup/api/answer.ts";
import { cancelTask, type EndDeps, existingTask, retryTask } from "../../catchup/api/end-task.ts";
import { type StartDeps, startTask } from "../../catchup/api/start-task.ts";
import type { PriceOf } from "../../catchup/host/models-config.ts";
import { readIdempotencyKey } from "../../catchup/requests/idempotency-key.ts";
import { dataSources, type RequestDefaults } from "../../catchup/requests/process-request.ts";
import { NoSuchTaskError, RequestInvalidError } from "../../catchup/requests/request-errors.ts";
import type { InFlight } from "../../catchup/tasks/chunk-counts.ts";
import type { Counts } from "../../catchup/tasks/counts.ts";
import { statuses, type Task, taskIdPattern } from "../../catchup/tasks/task.ts";
import { CursorInvalidError } from "../../catchup/tasks/task-store.ts";
import { errorFields, type Log } from "../../log.ts";
import { isSameSecret } from "../../settings/same-secret.ts";
import { bulkBody, readBulkRequest } from "../requests/bulk-request.ts";
import { boardPath } from "./board-path.ts";
import { type HealthCheck, takesWork } from "./check-health.ts";
import type { Monitoring } from "./monitoring.ts";
import {
  acceptedTask,
  bulkStatuses,
  bulkStatusOf,
  bulkTask,
  failure,
  health as healthSchema,
  monitoring as monitoringSchema,
  taskPage,
} from "./schemas.ts";
import { showBulkTask } from "./show-bulk-task.ts";

export interface BulkApiDeps extends StartDeps, EndDeps {
  readonly defaults: RequestDefaults;
  readonly usdPerMillionTokens: PriceOf;
  /** Reads the key for each request, so that a rotated key takes effect without a restart. */
  apiKey(): Promise<string>;
  readonly health: HealthCheck;
  readonly monitoring: Pick<Monitoring, "read">;
  /** Queues that Bull Board shows. @default no board */
  readonly board?: readonly Queue[] | undefined;
  readonly version: string;
  readonly log: Log;
}

export const prefix = "/api/v1";
/** A request has a few hundred bytes; files are uploaded to the bucket instead. */
const bodyLimit = 1024 * 1024;
const taskMessage = "Task queued for processing";

const sources = [...dataSources, "failed_records"] as const;

const page = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().optional(),
  status_filter: z.enum(bulkStatuses).optional(),
  source_filter: z.enum(sources).optional(),
});
const retryBody = z.strictObject({ chunks: z.array(z.number().int().min(0)).min(1).max(1_000).optional() });
const ofTask = z.object({ task_id: z.string() });
const keyHeader = z.object({ "idempotency-key": z.string().optional() });
const open = { config: { open: true } };

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether the route needs no API key. */
    open?: boolean;
  }
}

/** Returns the HTTP service of the bulk API. The caller starts it with `listen`. */
export async function bulkApi(deps: BulkApiDeps): Promise<FastifyInstance> {
  const app = fastify({ bodyLimit, logger: false, forceCloseConnections: "idle" });
  // Core validates requests, because it reports all problems at once. The schemas here only describe the API.
  app.setValidatorCompiler(() => (value) => ({ value }));
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => {
    const status = (error as { statusCode?: number }).statusCode;
    if (status !== undefined && status >= 400 && status < 500) return refuse(reply, error as Error, status);
    return answerError(error, reply, deps.log, request.url);
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({
      error: "not_found",
      message: `There is no ${request.method} ${request.url.slice(0, 200)}. See ${prefix}/openapi.json.`,
    }),
  );
  app.addHook("onRequest", async (request, reply) => {
    if (request.is404 || request.routeOptions.config.open) return;
    const isOfBoard = request.url.startsWith(`${boardPath}/`) || request.url === boardPath;
    if (isSameSecret(isOfBoard ? keyOfBrowser(request) : keyOf(request), await deps.apiKey())) return;
    // A browser then asks its user for the key, as a password.
    if (isOfBoard)
      reply.header("www-authenticate", 'Basic realm="Vectorkeep bulk: the API key is the password"');
    await reply
      .code(401)
      .send({ error: "unauthorized", message: "Send the API key in the header X-API-Key." });
  });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Vectorkeep bulk",
        version: deps.version,
        description:
          "Loads the rows of a CSV file or a Metabase question into a Pinecone index, in long-running jobs.",
      },
      components: { securitySchemes: { key: { type: "apiKey", in: "header", name: "X-API-Key" } } },
      security: [{ key: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await app.register(async (scope) => declareRoutes(scope, deps), { prefix });
  if (deps.board !== undefined) {
    const { registerBoard } = await import("./board.ts");
    await registerBoard(app, deps.board);
  }
  return app;
}

function keyOf({ headers }: FastifyRequest): string | undefined {
  return headerOf(headers["x-api-key"]);
}

/** Browsers send the password of Basic authentication, whatever the name. */
function keyOfBrowser(request: FastifyRequest): string | undefined {
  const [, encoded = ""] = /^Basic (\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
  return keyOf(request) ?? /^[^:]*:(.*)$/s.exec(Buffer.from(encoded, "base64").toString())?.[1];
}

function declareRoutes(scope: FastifyInstance, deps: BulkApiDeps): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const show = (task: Task, chunks?: ReadonlyMap<number, Counts>, inFlight?: InFlight) =>
    showBulkTask(
      task,
      { now: deps.now(), usdPerMillionTokens: deps.usdPerMillionTokens(task.request.model) },
      chunks,
      inFlight,
    );

  app.post(
    "/process",
    {
      schema: {
        summary: "Start a task, or return the task that already processes the same request",
        body: bulkBody,
        headers: keyHeader,
        response: { 202: acceptedTask, 400: failure, 401: failure, 422: failure },
      },
    },
    async (request, reply) => {
      const input = objectOf(request.body);
      const asked = (when: number) => readBulkRequest(input, deps.defaults, when);
      const key = readIdempotencyKey(headerOf(request.headers["idempotency-key"]));
      return reply.code(202).send(accepted(await startTask(asked, key, deps, deps.now())));
    },
  );

  app.get(
    "/status/:task_id",
    {
      schema: {
        summary: "Status of a task",
        params: ofTask,
        response: { 200: bulkTask, 401: failure, 404: failure },
      },
    },
    async (request) => {
      const { task_id: taskId } = request.params;
      const found = taskIdPattern.test(taskId) ? await deps.tasks.progress(taskId) : undefined;
      if (found === undefined) throw new NoSuchTaskError(taskId);
      return show(found.task, found.chunks, found.underWay);
    },
  );

  app.get(
    "/tasks",
    {
      schema: {
        summary: "Tasks of both APIs, newest first",
        querystring: page,
        response: { 200: taskPage, 400: failure, 401: failure },
      },
    },
    async (request) => {
      const { limit, cursor, status_filter, source_filter: source } = readPage(objectOf(request.query));
      const wanted = statuses.filter((status) => bulkStatusOf[status] === status_filter);
      const query = { limit, cursor, source, statuses: status_filter === undefined ? undefined : wanted };
      const { tasks, next } = await deps.tasks.list(query).catch((error: unknown) => {
        if (!(error instanceof CursorInvalidError)) throw error;
        throw new RequestInvalidError([
          { parameter: "cursor", given: cursor?.slice(0, 50), accepted: "next_cursor of a page" },
        ]);
      });
      const shown = await Promise.all(
        tasks.map(async (task) =>
          task.counts ? show(task) : show(task, await deps.chunkCounts.all(task.task_id)),
        ),
      );
      return { tasks: shown, next_cursor: next ?? null };
    },
  );

  app.delete(
    "/task/:task_id",
    {
      schema: {
        summary: "Cancel a task; vectors that are written stay",
        params: ofTask,
        response: { 204: z.null(), 401: failure, 404: failure, 409: failure },
      },
    },
    async (request, reply) => {
      const { status } = await existingTask(request.params.task_id, deps);
      await cancelTask(request.params.task_id, deps);
      deps.log.info("Task cancelled", { task_id: request.params.task_id, status });
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/task/:task_id/retry",
    {
      schema: {
        summary: "Retry the failed records of a task, or of some of its chunks, in a new task",
        params: ofTask,
        headers: keyHeader,
        body: retryBody.optional(),
        response: { 202: acceptedTask, 400: failure, 401: failure, 404: failure, 409: failure, 422: failure },
      },
    },
    async (request, reply) => {
      const key = readIdempotencyKey(headerOf(request.headers["idempotency-key"]));
      const { chunks } = readRetry(objectOf(request.body));
      return reply.code(202).send(accepted(await retryTask(request.params.task_id, key, deps, chunks)));
    },
  );

  app.get(
    "/health",
    {
      ...open,
      schema: {
        summary: "Health of the service; needs no key",
        security: [],
        response: { 200: healthSchema, 503: healthSchema },
      },
    },
    async (_request, reply) => {
      const health = await deps.health.read();
      return reply.code(takesWork(health) ? 200 : 503).send(health);
    },
  );

  app.get(
    "/monitoring",
    {
      schema: {
        summary: "Workers, queues, statistics, active tasks and anomalies",
        response: { 200: monitoringSchema, 401: failure },
      },
    },
    () => deps.monitoring.read(),
  );

  app.get("/openapi.json", { schema: { hide: true } }, async () => scope.swagger());
}

function accepted(task: Task): z.infer<typeof acceptedTask> {
  return {
    task_id: task.task_id,
    status: bulkStatusOf[task.status],
    message: task.status === "PENDING" ? taskMessage : `The task is already ${bulkStatusOf[task.status]}`,
    created_at: task.created_at,
  };
}

function readPage(query: Readonly<Record<string, unknown>>): z.infer<typeof page> {
  const read = z.strictObject(page.shape).safeParse(query);
  if (read.success) return read.data;
  const names = new Set(
    read.error.issues.flatMap((issue) =>
      issue.code === "unrecognized_keys" ? issue.keys : [String(issue.path[0])],
    ),
  );
  const forms: Readonly<Record<string, string>> = {
    limit: "an integer from 1 to 100",
    cursor: "next_cursor of a page",
    status_filter: bulkStatuses.join(", "),
    source_filter: sources.join(", "),
  };
  throw new RequestInvalidError(
    [...names].map((parameter) => ({
      parameter: parameter.slice(0, 100),
      given: String(query[parameter]).slice(0, 100),
      accepted: forms[parameter] ?? `no such parameter: ${Object.keys(forms).join(", ")}`,
    })),
  );
}

/** Treats null as absent, like all other request fields. */
function readRetry(body: Readonly<Record<string, unknown>>): z.infer<typeof retryBody> {
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
  const read = retryBody.safeParse(given);
  if (read.success) return read.data;
  const unknown = Object.keys(given).find((name) => name !== "chunks");
  throw new RequestInvalidError([
    {
      parameter: (unknown ?? "chunks").slice(0, 100),
      given: JSON.stringify(given[unknown ?? "chunks"])?.slice(0, 100),
      accepted: unknown === undefined ? "a list of 1 to 1,000 chunk numbers" : "no such parameter: chunks",
    },
  ]);
}

function objectOf(body: unknown): Record<string, unknown> {
  if (body === undefined || body === null) return {};
  if (typeof body === "object" && !Array.isArray(body)) return { ...body };
  throw new RequestInvalidError([{ parameter: "body", given: undefined, accepted: "a JSON object" }]);
}

function headerOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}

/** Maps Fastify's own client errors: a body that is not JSON, too long, or of another content type. */
function refuse(reply: FastifyReply, error: Error, status: number): FastifyReply {
  const name = status === 413 ? "too_large" : status === 415 ? "unsupported_media_type" : "invalid_request";
  return reply.code(status).send({ error: name, message: error.message });
}

/** Returns a caller's error as it is. All other errors are only logged, so that no internal detail is exposed. */
function answerError(error: unknown, reply: FastifyReply, log: Log, path: string): FastifyReply {
  try {
    const { status, body } = answerTo(error);
    return reply.code(status).send(body);
  } catch {
    log.error("A request failed", { path: path.slice(0, 200), ...errorFields(error) });
    return reply
      .code(500)
      .send({ error: "internal", message: "The request failed; the log of the service says why." });
  }
}
