import { type CurrentRun, countsOver, madeCurrent, nextAttempt } from "../../../core/runs/current-run.ts";
import type { World } from "./world.ts";

export interface Export {
  readonly receipt: number;
  readonly content: string;
  readonly revision: number;
}

/**
 * What embedding does with one message; repeated from its start after a crash. Every yield is a possible crash. Removals
 * and repairs are not modelled.
 */
export function* embed(world: World, { receipt, content, revision }: Export): Generator<void> {
  const runId = `${receipt}${content}`;
  for (;;) {
    // Its delta is about to be removed: the message is redelivered until that is over.
    while (world.expiring.has(runId)) yield;
    const current = world.current.get(receipt);
    world.deltas.add(runId);
    const known = world.runs.get(runId);
    yield;
    if (current?.runId === runId) {
      const isBehind = !known || known.attempts < current.attempt;
      if (revision > current.revision) {
        if (world.current.get(receipt)?.version !== current.version) continue;
        const confirmed = madeCurrent(current, current, revision);
        world.current.set(receipt, { ...confirmed, version: current.version + 1 });
        yield;
      }
      if (!isBehind && (known.attempts === 1 || known.state === "COMPLETED")) return;
      return yield* bringUp(world, receipt, runId, current.attempt);
    }
    const isOver = world.has("of content of one moment the same run counts everywhere")
      ? countsOver(current, { runId, revision }, world.now)
      : current === undefined || revision > current.revision;
    if (!isOver) return;
    const opened = known?.attempts ?? 0;
    const attempt = world.has("a run counts again at an attempt above each that was asked for")
      ? nextAttempt(current, runId, opened)
      : opened + 1;
    if (world.current.get(receipt)?.version !== current?.version) continue;
    const next: CurrentRun = {
      ...madeCurrent(current, { runId, attempt }, revision),
      version: (current?.version ?? 0) + 1,
    };
    world.current.set(receipt, next);
    yield;
    return yield* bringUp(world, receipt, runId, attempt);
  }
}

function* bringUp(world: World, receipt: number, runId: string, attempt: number): Generator<void> {
  const listedFirst = world.has("an open run is listed before it exists");
  if (!world.runs.has(runId)) {
    if (listedFirst) {
      world.list(runId, 1);
      yield;
    }
    if (!world.runs.has(runId)) {
      world.runs.set(runId, { receipt, state: "PENDING", token: 0, attempts: 1 });
      // By the stream of the table.
      world.send(runId);
    }
    yield;
    if (!listedFirst) world.list(runId, 1);
  }
  if (attempt === 1) return;
  const run = world.runs.get(runId);
  if (run && run.attempts < attempt) {
    world.list(runId, attempt);
    yield;
    if (run.attempts < attempt) Object.assign(run, { state: "PENDING", token: 0, attempts: attempt });
    yield;
  }
  world.send(runId);
}
