import { DeltaUnreadable, decodeDelta } from "../deltas/codec.ts";
import type { Delta } from "../deltas/delta.ts";
import type { DeltaStore } from "../deltas/delta-store.ts";
import { deltaKey } from "../deltas/keys.ts";
import type { Log } from "../log.ts";
import { checkDelta, type DeltaTarget, DeltaUnfit } from "./check-delta.ts";
import type { Clock } from "./clock.ts";
import type { FailedMessages } from "./failed-messages.ts";
import type { RunWork } from "./run-work.ts";

/** Deltas that are fetched ahead of the one that is applied. */
const readAhead = 16;

export interface LoadPorts {
  readonly deltas: DeltaStore;
  readonly target: DeltaTarget;
  readonly failed: FailedMessages;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The deltas of these runs, checked, in order. One that is missing, unreadable or unfit fails its run and is left out;
 * one that the store could not give for another reason is left out uncounted, and so are all after the moment `until`.
 */
export async function* loadDeltas(
  ports: LoadPorts,
  works: readonly RunWork[],
  until: number,
): AsyncGenerator<{ work: RunWork; delta: Delta }> {
  const fetch = ({ deltaPrefix }: RunWork) =>
    ports.deltas.get(deltaKey(deltaPrefix)).catch((error: Error) => error);
  const coming = works.slice(0, readAhead).map(fetch);
  for (const [position, work] of works.entries()) {
    if (ports.clock.now() >= until) {
      ports.log.warn("Time is up; the rest of the messages come again", { left: works.length - position });
      return;
    }
    const bytes = await coming.shift();
    const later = works[position + readAhead];
    if (later) coming.push(fetch(later));
    const delta = await readDelta(ports, work, bytes);
    if (delta) yield { work, delta };
  }
}

async function readDelta(
  { target, failed, log }: LoadPorts,
  work: RunWork,
  bytes: Uint8Array | undefined | Error,
): Promise<Delta | undefined> {
  const key = deltaKey(work.deltaPrefix);
  if (bytes instanceof Error) {
    log.error("A delta could not be fetched; its message comes again", { key, reason: bytes.message });
    return undefined;
  }
  try {
    if (bytes === undefined) throw new DeltaUnfit(key, "there is no such object");
    const delta = decodeDelta(bytes);
    checkDelta(delta, key, work.run, target);
    return delta;
  } catch (error) {
    if (!(error instanceof DeltaUnfit || error instanceof DeltaUnreadable)) throw error;
    await failed.ofRun(work, error.message);
    return undefined;
  }
}
