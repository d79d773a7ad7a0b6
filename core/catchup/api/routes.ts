import * as z from "zod";
import { type CatchUpRoute, catchUpRoutes } from "../../../contract/catch-up-routes.ts";
import { repeatedJsonKey } from "../../text/repeated-json-key.ts";
import type { PriceOf } from "../host/models-config.ts";
import { readIdempotencyKey } from "../requests/idempotency-key.ts";
import { type RequestDefaults, readProcessRequest } from "../requests/process-request.ts";
import { NoSuchTaskError, RequestInvalidError } from "../requests/request-errors.ts";
import type { Counts } from "../tasks/counts.ts";
import { statuses, type Task, taskIdPattern } from "../tasks/task.ts";
import { CursorInvalidError } from "../tasks/task-store.ts";
import { type Answer, type ApiRequest, answerTo, noSuchRoute } from "./answer.ts";
import { cancelTask, type EndDeps, retryTask } from "./end-task.ts";
import { openApi } from "./openapi.ts";
import { noCounts, type ShownTask, showTask, type Unfinished } from "./show-task.ts";
import { type StartDeps, startTask } from "./start-task.ts";

export interface ApiDeps extends StartDeps, EndDeps {
  readonly defaults: RequestDefaults;
  readonly usdPerMillionTokens: PriceOf;
}

type Route = (request: ApiRequest, deps: ApiDeps, taskId: string) => Promise<Answer> | Answer;

/** The handler of each route; openapi.ts describes the same routes. */
const routes: Readonly<Record<CatchUpRoute, Route>> = {
  "GET /process": startFromQuery,
  "POST /process": startFromBody,
  "GET /status": status,
  "GET /tasks": list,
  "POST /tasks/{task_id}/cancel": cancel,
  "POST /tasks/{task_id}/retry-failed": retryFailed,
  "GET /health": () => ({ status: 200, body: { status: "ok" } }),
  "GET /openapi.json": () => ({ status: 200, body: openApi }),
};

const ofTask = /^\/tasks\/([^/]+)\/(cancel|retry-failed)$/;
const usualPage = 20;
const maxPageSize = 100;

/** Answers one request. Errors that the caller did not cause are thrown. */
export async function answerRequest(request: ApiRequest, deps: ApiDeps): Promise<Answer> {
  const [, taskId = "", action] = ofTask.exec(request.path) ?? [];
  const name = action === undefined ? request.path : `/tasks/{task_id}/${action}`;
  const route = catchUpRoutes.find((known) => known === `${request.method} ${name}`);
  if (route === undefined) return noSuchRoute(request);
  try {
    return await routes[route](request, deps, taskId);
  } catch (error) {
    return answerTo(error);
  }
}

function startFromQuery(request: ApiRequest, deps: ApiDeps): Promise<Answer> {
  return start(request, request.query, deps);
}

/** Parameters come from the body (JSON or empty) and the query. */
function startFromBody(request: ApiRequest, deps: ApiDeps): Promise<Answer> {
  return start(request, { ...request.query, ...bodyOf(request) }, deps);
}

async function start(request: ApiRequest, input: Record<string, unknown>, deps: ApiDeps): Promise<Answer> {
  const asked = (when: number) => readProcessRequest(input, deps.defaults, when);
  return accepted(await startTask(asked, idempotencyKeyOf(request), deps, deps.now()));
}

function idempotencyKeyOf({ headers }: ApiRequest): string | undefined {
  return readIdempotencyKey(headers["idempotency-key"]);
}

function accepted(task: Task): Answer {
  const { request } = task;
  return {
    status: 202,
    body: {
      task_id: task.task_id,
      status: task.status,
      status_url: `/status?task_id=${task.task_id}`,
      start_date: request.start_date,
      end_date: request.end_date,
      data_source: request.data_source,
      question_id: request.question_id,
      ...(request.s3_key !== undefined && { s3_key: request.s3_key }),
      ...(request.retry_of !== undefined && { retry_of: request.retry_of }),
      date_column: request.date_column,
      namespace: request.namespace,
      ...(request.model !== undefined && { model: request.model }),
      batch_size: request.batch_size,
      dry_run: request.dry_run,
      incremental: request.incremental,
      created_at: task.created_at,
    },
  };
}

/** Only reads: the watch (watch-tasks.ts) settles tasks without a worker. */
async function status({ query }: ApiRequest, deps: ApiDeps): Promise<Answer> {
  refuseUnknown(query, ["task_id"]);
  const id = query.task_id;
  if (id === undefined || !taskIdPattern.test(id)) {
    const form = "a task_id from POST /process";
    throw new RequestInvalidError([{ parameter: "task_id", given: id?.slice(0, 100), accepted: form }]);
  }
  const progress = await deps.tasks.progress(id);
  if (!progress) throw new NoSuchTaskError(id);
  const { task, chunks, ...rest } = progress;
  return { status: 200, body: shown(task, chunks, deps, rest) };
}

function shown(
  task: Task,
  chunks: ReadonlyMap<number, Counts>,
  deps: ApiDeps,
  unfinished?: Unfinished,
): ShownTask {
  return showTask(task, chunks, deps.now(), deps.usdPerMillionTokens(task.request.model), unfinished);
}

/** Unknown parameters are rejected, not ignored. */
function refuseUnknown(query: ApiRequest["query"], known: readonly string[]): void {
  const unknown = Object.keys(query).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const accepted = known.length === 0 ? "no parameter" : `no such parameter: ${known.join(", ")}`;
  throw new RequestInvalidError(
    unknown.map((name) => ({ parameter: name.slice(0, 100), given: query[name]?.slice(0, 100), accepted })),
  );
}

const page = z.object({
  limit: z.coerce.number().int().min(1).max(maxPageSize).default(usualPage),
  cursor: z.string().optional(),
  status: z.enum(statuses).optional(),
});
const acceptedInList: Readonly<Record<string, string>> = {
  limit: `an integer from 1 to ${maxPageSize}`,
  status: statuses.join(", "),
};

async function list({ query }: ApiRequest, deps: ApiDeps): Promise<Answer> {
  refuseUnknown(query, Object.keys(page.shape));
  const asked = page.safeParse(query);
  if (!asked.success) {
    const names = new Set(asked.error.issues.map(({ path }) => String(path[0])));
    throw new RequestInvalidError(
      [...names].map((parameter) => ({
        parameter,
        given: query[parameter]?.slice(0, 100),
        accepted: acceptedInList[parameter] ?? "",
      })),
    );
  }
  const { status, ...where } = asked.data;
  const wanted = { ...where, statuses: status && [status] };
  const { tasks, next } = await deps.tasks.list(wanted).catch((error: unknown) => {
    if (!(error instanceof CursorInvalidError)) throw error;
    throw new RequestInvalidError([
      { parameter: "cursor", given: query.cursor?.slice(0, 50), accepted: "next_cursor of a page" },
    ]);
  });
  const shownTasks = await Promise.all(
    tasks.map(async (task) =>
      shown(task, task.counts ? noCounts : await deps.chunkCounts.all(task.task_id), deps),
    ),
  );
  return { status: 200, body: { tasks: shownTasks, next_cursor: next ?? null } };
}

async function cancel({ query }: ApiRequest, deps: ApiDeps, taskId: string): Promise<Answer> {
  refuseUnknown(query, []);
  const counts = await deps.chunkCounts.all(taskId);
  return { status: 200, body: shown(await cancelTask(taskId, deps), counts, deps) };
}

async function retryFailed(request: ApiRequest, deps: ApiDeps, taskId: string): Promise<Answer> {
  refuseUnknown(request.query, []);
  return accepted(await retryTask(taskId, idempotencyKeyOf(request), deps));
}

function bodyOf({ body }: ApiRequest): Record<string, unknown> {
  if (body === undefined || body.trim() === "") return {};
  const problem = { parameter: "body", given: undefined, accepted: "a JSON object, or nothing" };
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
      refuseRepeated(body);
      return { ...parsed };
    }
  } catch (error) {
    if (error instanceof RequestInvalidError) throw error;
    // Rejected below, like any other body that is not an object.
  }
  throw new RequestInvalidError([{ ...problem, given: body.slice(0, 50) }]);
}

/** Rejects duplicate parameters, because it is ambiguous which value is meant. */
function refuseRepeated(body: string): void {
  const parameter = repeatedJsonKey(body)?.slice(0, 100);
  if (parameter === undefined) return;
  throw new RequestInvalidError([{ parameter, given: "twice", accepted: "each parameter once" }]);
}
