import type { ProcessRequest } from "../requests/process-request.ts";
import { IdempotencyKeyReused } from "../requests/request-failures.ts";
import { type Claim, type Claims, claimOfKey, claimOfRequest, fingerprint } from "../tasks/claims.ts";
import { isOpen, newTaskId, type Task } from "../tasks/task.ts";
import type { TaskStore } from "../tasks/task-store.ts";

/** A task that nobody has begun after this long was accepted by a process that died before it started the work. */
const beginsWithinMs = 60_000;

export interface StartServices {
  readonly tasks: TaskStore;
  readonly claims: Claims;
  /** Has the task worked on; returns before that is done. Doing it twice is harmless. */
  start(taskId: string): Promise<void>;
  /** Ends a task whose worker has died, so that it blocks nobody (F21). Returns the task as it is now. */
  checkAlive(task: Task): Promise<Task>;
  readonly taskDays: number;
}

/**
 * The task that carries out a request. The same request while one is open, and the same idempotency key at any time, give
 * the task that there is. Otherwise a claim is taken, then the task is written, then the work is started: a crash between
 * any two is mended by whoever asks again. Throws IdempotencyKeyReused.
 */
export async function startTask(
  request: ProcessRequest,
  idempotencyKey: string | undefined,
  services: StartServices,
  now: number,
): Promise<Task> {
  const print = fingerprint(request);
  if (idempotencyKey === undefined) return takeOrMake(request, claimOfRequest(print), print, services, now);

  const name = claimOfKey(idempotencyKey);
  const earlier = await services.claims.read(name, now);
  if (earlier) return taskOfKey(earlier, print, request, services, now);
  const task = await takeOrMake(request, claimOfRequest(print), print, services, now);
  const claim = { taskId: task.task_id, request: print };
  if (await services.claims.take(name, undefined, claim, task.expires_at, now)) return task;
  const other = await services.claims.read(name, now);
  return other ? taskOfKey(other, print, request, services, now) : task;
}

async function taskOfKey(
  claim: Claim,
  print: string,
  request: ProcessRequest,
  services: StartServices,
  now: number,
): Promise<Task> {
  if (claim.request !== print) throw new IdempotencyKeyReused();
  const task = await services.tasks.get(claim.taskId, now);
  return task ?? makeTask(claim.taskId, request, services, now);
}

async function takeOrMake(
  request: ProcessRequest,
  name: string,
  print: string,
  services: StartServices,
  now: number,
): Promise<Task> {
  for (;;) {
    const claim = await services.claims.read(name, now);
    const open = claim && (await openTask(claim.taskId, request, services, now));
    if (open) return open;
    const next = { taskId: newTaskId(now), request: print };
    if (await services.claims.take(name, claim, next, expiry(services, now), now)) {
      return makeTask(next.taskId, request, services, now);
    }
  }
}

/** Undefined where the task of a claim is over. One that was claimed and not written, or not begun, is started now. */
async function openTask(
  taskId: string,
  request: ProcessRequest,
  services: StartServices,
  now: number,
): Promise<Task | undefined> {
  const found = await services.tasks.get(taskId, now);
  if (!found) return makeTask(taskId, request, services, now);
  const task = isOpen(found.status) ? await services.checkAlive(found) : found;
  if (!isOpen(task.status)) return undefined;
  const waits = task.status === "PENDING" && now - Date.parse(task.created_at) > beginsWithinMs;
  if (waits) await services.start(taskId);
  return task;
}

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
  await services.tasks.create(task);
  await services.start(taskId);
  return task;
}

function expiry({ taskDays }: StartServices, now: number): number {
  return Math.floor(now / 1000) + taskDays * 86_400;
}
