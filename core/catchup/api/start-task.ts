import { traceparentField } from "../../tracing/traceparent.ts";
import { PreflightFailedError, type PreflightProblem } from "../preflight/preflight-errors.ts";
import type { ProcessRequest } from "../requests/process-request.ts";
import { IdempotencyKeyReusedError } from "../requests/request-errors.ts";
import { type Claim, type Claims, claimOfKey, claimOfRequest, fingerprint } from "../tasks/claims.ts";
import { newTaskId, type Task } from "../tasks/task.ts";
import type { TaskStore } from "../tasks/task-store.ts";
import { beginsWithinMs, startForgotten } from "../work/start-forgotten.ts";

/** Completes a caller's request. Missing dates derive from `when`, the time of the request in epoch milliseconds. */
export type Asked = (when: number) => ProcessRequest;

export interface StartDeps {
  readonly tasks: TaskStore;
  readonly claims: Claims;
  /** Starts the task asynchronously. Idempotent. */
  start(taskId: string): Promise<void>;
  /**
   * Whether a task is open and has a worker. A task without one does not block a new request, and the watch settles it
   * (F21).
   */
  isWorkedOn(task: Task): Promise<boolean>;
  readonly taskDays: number;
  /** The problems that would make a task fail, as far as a preflight can detect them (F35). */
  preflight(request: ProcessRequest): Promise<readonly PreflightProblem[]>;
}

/**
 * Returns the task of a request. A request that equals that of an open task, or repeats an idempotency key, returns the
 * existing task. Otherwise the id is claimed, the task is written, and the work is started; after a crash in between,
 * the next equal request continues. Throws IdempotencyKeyReusedError, PreflightFailedError and the errors of `asked`.
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

/**
 * Claims the key before the task is written, so that no crash lets a key start two tasks. The claim stores the request
 * with its dates, so that a retry after midnight returns the original task.
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

/** A task that is claimed but not yet written counts as open. */
async function isOver(taskId: string, deps: StartDeps, now: number): Promise<boolean> {
  const found = await deps.tasks.get(taskId, now);
  return found !== undefined && !(await deps.isWorkedOn(found));
}

/** Writes the task. Of concurrent writers, only one starts it. Throws PreflightFailedError; then no task exists. */
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
    ...traceparentField(),
  };
  if (!(await deps.tasks.create(task, now))) return (await deps.tasks.get(taskId, now)) ?? task;
  await deps.start(taskId);
  return task;
}

function expiry({ taskDays }: StartDeps, now: number): number {
  return Math.floor(now / 1000) + taskDays * 86_400;
}
