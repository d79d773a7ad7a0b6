import { PreflightFailedError, type PreflightProblem } from "../preflight/preflight-errors.ts";
import type { ProcessRequest } from "../requests/process-request.ts";
import { IdempotencyKeyReusedError } from "../requests/request-errors.ts";
import { type Claim, type Claims, claimOfKey, claimOfRequest, fingerprint } from "../tasks/claims.ts";
import { newTaskId, type Task } from "../tasks/task.ts";
import type { TaskStore } from "../tasks/task-store.ts";

/** A task that nobody has begun after this long was most likely accepted by a process that died before it started the work. */
const beginsWithinMs = 60_000;

/** What a caller asks for. Dates that were left out follow from when that is asked, in epoch ms. */
export type Asked = (when: number) => ProcessRequest;

export interface StartDeps {
  readonly tasks: TaskStore;
  readonly claims: Claims;
  /** Starts the work of a task and returns before it ends. Idempotent. */
  start(taskId: string): Promise<void>;
  /**
   * Whether a task is open and has a running worker. A task whose worker has died is settled, and blocks no other (F21).
   * Its execution is not described if a chunk was counted just now (`countedAt`, epoch ms).
   */
  isWorkedOn(task: Task, countedAt?: number): Promise<boolean>;
  readonly taskDays: number;
  /** What would make a task fail, as far as it can be checked first (F35). */
  preflight(request: ProcessRequest): Promise<readonly PreflightProblem[]>;
}

/**
 * The task of a request. The same request while a task is open, and the same idempotency key at any time, return the
 * existing task. Otherwise its id is claimed, then the task is written, then the work is started: after a crash between
 * any two the next request completes it. Throws IdempotencyKeyReusedError, PreflightFailedError, and what `asked` throws.
 */
export async function startTask(
  asked: Asked,
  key: string | undefined,
  deps: StartDeps,
  now: number,
): Promise<Task> {
  const { taskId, askedAt } =
    key === undefined ? await claimedByRequest(asked, deps, now) : await claimedByKey(key, asked, deps, now);
  const found = await deps.tasks.get(taskId, now);
  if (!found) return makeTask(taskId, asked(askedAt), deps, now);
  await startForgotten(found, deps, now);
  return found;
}

/** Starts a task again whose starter died before it did, or whose start was lost. */
export async function startForgotten(
  { task_id, status, updated_at }: Task,
  { tasks, start }: StartDeps,
  now: number,
): Promise<void> {
  if (status !== "PENDING" || now - Date.parse(updated_at) <= beginsWithinMs) return;
  // Updated first, so that the next request does not start it too.
  if (await tasks.change(task_id, {}, ["PENDING"])) await start(task_id);
}

/**
 * The claim of the key comes before the task, so that no crash lets the key start two. What is claimed is the request as
 * of one day, the same for all: a caller may try again after midnight, and gets what was asked for before.
 */
async function claimedByKey(key: string, asked: Asked, deps: StartDeps, now: number): Promise<Claim> {
  const name = claimOfKey(key);
  const request = fingerprint(asked(0));
  for (;;) {
    const earlier = await deps.claims.read(name, now);
    if (earlier && earlier.request !== request) throw new IdempotencyKeyReusedError();
    if (earlier) return earlier;
    const { taskId } = await claimedByRequest(asked, deps, now);
    const next = { taskId, request, askedAt: now };
    if (await deps.claims.take(name, undefined, next, expiry(deps, now), now)) return next;
  }
}

async function claimedByRequest(asked: Asked, deps: StartDeps, now: number): Promise<Claim> {
  const request = fingerprint(asked(now));
  const name = claimOfRequest(request);
  for (;;) {
    const claim = await deps.claims.read(name, now);
    if (claim && !(await isOver(claim.taskId, deps, now))) return claim;
    const next = { taskId: newTaskId(now), request, askedAt: now };
    if (await deps.claims.take(name, claim, next, expiry(deps, now), now)) return next;
  }
}

/** A task that was claimed and is not written yet is not over. */
async function isOver(taskId: string, deps: StartDeps, now: number): Promise<boolean> {
  const found = await deps.tasks.get(taskId, now);
  return found !== undefined && !(await deps.isWorkedOn(found));
}

/** Of several who write the same task, one starts it. Throws PreflightFailedError; then there is no task. */
async function makeTask(
  taskId: string,
  request: ProcessRequest,
  deps: StartDeps,
  now: number,
): Promise<Task> {
  const problems = await deps.preflight(request);
  if (problems.length > 0) throw new PreflightFailedError(problems);
  const at = new Date(now).toISOString();
  const task: Task = {
    task_id: taskId,
    status: "PENDING",
    request,
    created_at: at,
    updated_at: at,
    alive_until: now + beginsWithinMs * 60,
    expires_at: expiry(deps, now),
  };
  if (!(await deps.tasks.create(task, now))) return (await deps.tasks.get(taskId, now)) ?? task;
  await deps.start(taskId);
  return task;
}

function expiry({ taskDays }: StartDeps, now: number): number {
  return Math.floor(now / 1000) + taskDays * 86_400;
}
