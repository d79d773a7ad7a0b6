import { z } from "zod";
import { repeatedJsonKey } from "../../text/repeated-json-key.ts";
import {
  type ProcessRequest,
  type RequestDefaults,
  readProcessRequest,
} from "../requests/process-request.ts";
import { NoSuchTask, RequestInvalid, TaskStateUnfit } from "../requests/request-failures.ts";
import type { ChunkCounts, UnderWay } from "../tasks/chunk-counts.ts";
import { type Counts, sum } from "../tasks/counts.ts";
import { isOpen, statuses, type Task, taskIdPattern } from "../tasks/task.ts";
import { CursorInvalid } from "../tasks/task-store.ts";
import { type Answer, type ApiRequest, answerTo, noSuchRoute } from "./answer.ts";
import { openApi } from "./openapi.ts";
import { noCounts, type ShownTask, showTask } from "./show-task.ts";
import { type StartServices, startForgotten, startTask } from "./start-task.ts";

export interface ApiServices extends StartServices {
  readonly chunkCounts: ChunkCounts;
  readonly defaults: RequestDefaults;
  readonly usdPerMillionTokens: number;
  /** Stops what works on a task that was cancelled. */
  stop(task: Task): Promise<void>;
  now(): number;
}

type Route = (request: ApiRequest, services: ApiServices, taskId: string) => Promise<Answer> | Answer;

/** Every route by method and path; openapi.ts describes the same ones. */
export const routes: Readonly<Record<string, Route>> = {
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
const largestPage = 100;
const longestKey = 200;

/** Answers one request. Throws what is no fault of the caller. */
export async function answerRequest(request: ApiRequest, services: ApiServices): Promise<Answer> {
  const [, taskId = "", action] = ofTask.exec(request.path) ?? [];
  const name = action === undefined ? request.path : `/tasks/{task_id}/${action}`;
  const route = routes[`${request.method} ${name}`];
  if (!route) return noSuchRoute(request);
  try {
    return await route(request, services, taskId);
  } catch (error) {
    return answerTo(error);
  }
}

function startFromQuery(request: ApiRequest, services: ApiServices): Promise<Answer> {
  return start(request, request.query, services);
}

/** A body may be JSON or nothing; query parameters count beside it. */
function startFromBody(request: ApiRequest, services: ApiServices): Promise<Answer> {
  return start(request, { ...request.query, ...bodyOf(request) }, services);
}

async function start(
  request: ApiRequest,
  input: Record<string, unknown>,
  services: ApiServices,
): Promise<Answer> {
  const asked = (when: number) => readProcessRequest(input, services.defaults, when);
  return accepted(await startTask(asked, idempotencyKeyOf(request), services, services.now()));
}

function idempotencyKeyOf({ headers }: ApiRequest): string | undefined {
  const key = headers["idempotency-key"];
  if (key === undefined || (key !== "" && key.length <= longestKey)) return key;
  throw new RequestInvalid([
    { parameter: "Idempotency-Key", given: key.slice(0, 50), accepted: `1 to ${longestKey} characters` },
  ]);
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
      batch_size: request.batch_size,
      dry_run: request.dry_run,
      incremental: request.incremental,
      created_at: task.created_at,
    },
  };
}

async function status({ query }: ApiRequest, services: ApiServices): Promise<Answer> {
  refuseUnknown(query, ["task_id"]);
  const id = query.task_id;
  if (id === undefined || !taskIdPattern.test(id)) {
    const form = "a task_id as POST /process answers it";
    throw new RequestInvalid([{ parameter: "task_id", given: id?.slice(0, 100), accepted: form }]);
  }
  const progress = await services.tasks.progress(id);
  if (!progress) throw new NoSuchTask(id);
  const { task, chunks, countedAt, underWay } = progress;
  await services.isWorkedOn(task, countedAt);
  await startForgotten(task, services, services.now());
  return { status: 200, body: shown(task, chunks, services, underWay) };
}

function shown(
  task: Task,
  chunks: ReadonlyMap<number, Counts>,
  services: ApiServices,
  underWay?: UnderWay,
): ShownTask {
  return showTask(task, chunks, services.now(), services.usdPerMillionTokens, underWay);
}

/** A parameter that is not known would be left out without a word. */
function refuseUnknown(query: ApiRequest["query"], known: readonly string[]): void {
  const unknown = Object.keys(query).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const accepted = known.length === 0 ? "no parameter" : `no such parameter: ${known.join(", ")}`;
  throw new RequestInvalid(
    unknown.map((name) => ({ parameter: name.slice(0, 100), given: query[name]?.slice(0, 100), accepted })),
  );
}

const page = z.object({
  limit: z.coerce.number().int().min(1).max(largestPage).default(usualPage),
  cursor: z.string().optional(),
  status: z.enum(statuses).optional(),
});
const acceptedInList: Readonly<Record<string, string>> = {
  limit: `a whole number from 1 to ${largestPage}`,
  status: statuses.join(", "),
};

async function list({ query }: ApiRequest, services: ApiServices): Promise<Answer> {
  refuseUnknown(query, Object.keys(page.shape));
  const asked = page.safeParse(query);
  if (!asked.success) {
    const names = new Set(asked.error.issues.map(({ path }) => String(path[0])));
    throw new RequestInvalid(
      [...names].map((parameter) => ({
        parameter,
        given: query[parameter]?.slice(0, 100),
        accepted: acceptedInList[parameter] ?? "",
      })),
    );
  }
  const { tasks, next } = await services.tasks.list(asked.data).catch((error: unknown) => {
    if (!(error instanceof CursorInvalid)) throw error;
    throw new RequestInvalid([
      { parameter: "cursor", given: query.cursor?.slice(0, 50), accepted: "next_cursor of a page" },
    ]);
  });
  const shownTasks = await Promise.all(
    tasks.map(async (task) =>
      shown(task, task.counts ? noCounts : await services.chunkCounts.all(task.task_id), services),
    ),
  );
  return { status: 200, body: { tasks: shownTasks, next_cursor: next ?? null } };
}

/** The task is over first, so that no chunk begins any more; then what works on it is stopped. */
async function cancel({ query }: ApiRequest, services: ApiServices, taskId: string): Promise<Answer> {
  refuseUnknown(query, []);
  const task = await existing(taskId, services);
  const counts = await services.chunkCounts.all(taskId);
  const change = { status: "CANCELLED", completed_at: new Date(services.now()).toISOString() } as const;
  if (!(await services.tasks.change(taskId, change))) {
    const now = await existing(taskId, services);
    if (now.status !== "CANCELLED") throw new TaskStateUnfit(taskId, now.status, "cancelled");
  }
  await services.stop((await services.tasks.get(taskId)) ?? task);
  return { status: 200, body: shown(await existing(taskId, services), counts, services) };
}

async function retryFailed(request: ApiRequest, services: ApiServices, taskId: string): Promise<Answer> {
  refuseUnknown(request.query, []);
  const task = await existing(taskId, services);
  if (isOpen(task.status)) throw new TaskStateUnfit(taskId, task.status, "retried: it is not over");
  const counts = task.counts ?? sum((await services.chunkCounts.all(taskId)).values());
  if (counts.failed === 0) throw new TaskStateUnfit(taskId, task.status, "retried: no record failed");
  const { s3_key, ...rest } = task.request;
  const asked: ProcessRequest = { ...rest, data_source: "failed_records", retry_of: taskId };
  return accepted(await startTask(() => asked, idempotencyKeyOf(request), services, services.now()));
}

async function existing(taskId: string, { tasks }: ApiServices): Promise<Task> {
  const task = taskIdPattern.test(taskId) ? await tasks.get(taskId) : undefined;
  if (!task) throw new NoSuchTask(taskId);
  return task;
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
    if (error instanceof RequestInvalid) throw error;
    // Told below, as any other body that is no object.
  }
  throw new RequestInvalid([{ ...problem, given: body.slice(0, 50) }]);
}

/** Which of two values counts is not for this API to guess. */
function refuseRepeated(body: string): void {
  const parameter = repeatedJsonKey(body)?.slice(0, 100);
  if (parameter === undefined) return;
  throw new RequestInvalid([{ parameter, given: "twice", accepted: "each parameter once" }]);
}
