import type { ProcessRequest } from "../requests/process-request.ts";
import { IdempotencyKeyReused } from "../requests/request-failures.ts";
import { type Claims, claimOfKey, claimOfRequest, fingerprint } from "../tasks/claims.ts";
import { newTaskId, type Task } from "../tasks/task.ts";
import type { TaskStore } from "../tasks/task-store.ts";

/** A task that nobody has begun after this long was most likely accepted by a process that died before it started the work. */
const beginsWithinMs = 60_000;

/** The `Idempotency-Key` of a caller. */
export interface IdempotencyKey {
  readonly name: string;
  /** Fingerprint of what the caller asks for; the same on whichever day it is asked again. */
  readonly request: string;
}

export interface StartServices {
  readonly tasks: TaskStore;
  readonly claims: Claims;
  /** Has the task worked on; returns before that is done. Doing it twice is harmless. */
  start(taskId: string): Promise<void>;
  /** Whether a task is open and somebody works on it. One whose worker has died is ended, and blocks nobody (F21). */
  isWorkedOn(task: Task): Promise<boolean>;
  readonly taskDays: number;
}

/**
 * The task that carries out a request. The same request while one is open, and the same idempotency key at any time, give
 * the task that there is. Otherwise its id is claimed, then the task is written, then the work is started: a crash between
 * any two is mended by whoever asks again. Throws IdempotencyKeyReused.
 */
export async function startTask(
  request: ProcessRequest,
  key: IdempotencyKey | undefined,
  services: StartServices,
  now: number,
): Promise<Task> {
  const print = fingerprint(request);
  const taskId =
    key === undefined
      ? await claimedByRequest(print, services, now)
      : await claimedByKey(key, print, services, now);
  const found = await services.tasks.get(taskId, now);
  if (!found) return makeTask(taskId, request, services, now);
  await startForgotten(found, services, now);
  return found;
}

/** Starts a task again whose starter died before it did, or whose start was lost. */
export async function startForgotten(
  { task_id, status, updated_at }: Task,
  { tasks, start }: StartServices,
  now: number,
): Promise<void> {
  if (status !== "PENDING" || now - Date.parse(updated_at) <= beginsWithinMs) return;
  // Touched first: whoever looks next leaves it its time.
  if (await tasks.change(task_id, {}, ["PENDING"])) await start(task_id);
}

/** The claim of the key comes before the task, so that no crash lets the key start two. */
async function claimedByKey(
  key: IdempotencyKey,
  print: string,
  services: StartServices,
  now: number,
): Promise<string> {
  const name = claimOfKey(key.name);
  for (;;) {
    const earlier = await services.claims.read(name, now);
    if (earlier && earlier.request !== key.request) throw new IdempotencyKeyReused();
    if (earlier) return earlier.taskId;
    const next = { taskId: await claimedByRequest(print, services, now), request: key.request };
    if (await services.claims.take(name, undefined, next, expiry(services, now), now)) return next.taskId;
  }
}

async function claimedByRequest(print: string, services: StartServices, now: number): Promise<string> {
  const name = claimOfRequest(print);
  for (;;) {
    const claim = await services.claims.read(name, now);
    if (claim && !(await isOver(claim.taskId, services, now))) return claim.taskId;
    const next = { taskId: newTaskId(now), request: print };
    if (await services.claims.take(name, claim, next, expiry(services, now), now)) return next.taskId;
  }
}

/** A task that was claimed and is not written yet is not over. */
async function isOver(taskId: string, services: StartServices, now: number): Promise<boolean> {
  const found = await services.tasks.get(taskId, now);
  return found !== undefined && !(await services.isWorkedOn(found));
}

/** Of several who write the same task, one starts it. */
async function makeTask(
  taskId: string,
  request: ProcessRequest,
  services: StartServices,
  now: number,
): Promise<Task> {
  const at = new Date(now).toISOString();
  const task: Task = {
    task_id: taskId,
    status: "PENDING",
    request,
    created_at: at,
    updated_at: at,
    alive_until: now + beginsWithinMs * 60,
    expires_at: expiry(services, now),
  };
  if (await services.tasks.create(task, now)) await services.start(taskId);
  return task;
}

function expiry({ taskDays }: StartServices, now: number): number {
  return Math.floor(now / 1000) + taskDays * 86_400;
}
