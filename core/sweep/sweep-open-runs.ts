import { errorFields, type Log, runFields } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import type { CompactionRun } from "../runs/compaction-run.ts";
import type { CurrentRun } from "../runs/current-run.ts";
import type { OpenRun } from "../runs/open-run.ts";
import type { OpenRuns } from "../runs/open-runs.ts";
import type { RunQueues } from "../runs/run-queues.ts";
import type { RunStore } from "../runs/run-store.ts";
import { ItemUnreadableError } from "../unreadable-item.ts";
import { isDue, type OpenRunState, openRunStateOf, stepOf } from "./open-run-rules.ts";
import type { SweepConfig } from "./sweep-config.ts";
import { SweepIncompleteError } from "./sweep-errors.ts";

const entriesAtOnce = 16;

export interface OpenRunsSweep {
  readonly openRuns: OpenRuns;
  readonly runs: RunStore;
  readonly queues: Pick<RunQueues, "redrive">;
  readonly config: SweepConfig;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Sends the messages of runs again that have been open for too long, gives up those for which that has not helped, and
 * tidies the list (F5). Acts on nothing after the moment `until`; counts all the same. Throws SweepIncompleteError.
 */
export async function sweepOpenRuns(parts: OpenRunsSweep, until: number): Promise<void> {
  const sweep = new Sweep(parts, until);
  for await (const entries of parts.openRuns.pages((error) => sweep.skip(error))) {
    await inParallel(entries, entriesAtOnce, (entry) => sweep.look(entry));
  }
  sweep.end();
}

/** What became of an entry. */
type Outcome = "open" | "gone" | "given up";

class Sweep {
  readonly #parts: OpenRunsSweep;
  readonly #until: number;
  readonly #failures: string[] = [];
  readonly #outcomes: Record<Outcome, number> = { open: 0, gone: 0, "given up": 0 };
  #redriven = 0;
  #oldestMs = 0;

  constructor(parts: OpenRunsSweep, until: number) {
    this.#parts = parts;
    this.#until = until;
  }

  async look(entry: OpenRun): Promise<void> {
    const now = this.#parts.now();
    const isLeft = now >= this.#until || !isDue(entry, now, this.#parts.config);
    const outcome = isLeft ? asItIs(entry) : await this.#actOrNote(entry, now);
    this.#outcomes[outcome] += 1;
    if (outcome === "open") this.#oldestMs = Math.max(this.#oldestMs, now - Date.parse(entry.openedAt));
  }

  /** An entry that cannot be read needs a person, as one that was given up does. */
  skip(error: ItemUnreadableError): void {
    this.#outcomes["given up"] += 1;
    this.#parts.log.error("An entry of the list of open runs cannot be read", errorFields(error));
  }

  /** Tells what was seen, and throws where something was left undone. */
  end(): void {
    const { metrics, log } = this.#parts;
    metrics.gauge("RunsOpen", this.#outcomes.open, "Count");
    metrics.gauge("RunsGivenUp", this.#outcomes["given up"], "Count");
    metrics.gauge("OldestOpenRunAge", Math.round(this.#oldestMs / 1000), "Seconds");
    metrics.count("RunsRedriven", this.#redriven);
    log.info("Open runs swept", {
      open: this.#outcomes.open,
      given_up: this.#outcomes["given up"],
      removed: this.#outcomes.gone,
      redriven: this.#redriven,
    });
    if (this.#failures.length > 0) throw new SweepIncompleteError("open runs", this.#failures);
  }

  /** One run that cannot be swept stops no other. */
  async #actOrNote(entry: OpenRun, now: number): Promise<Outcome> {
    try {
      return await this.#act(entry, now);
    } catch (error) {
      const { error_name, reason } = errorFields(error);
      this.#failures.push(`${error_name}: ${reason}`);
      this.#parts.log.error("An open run could not be swept", { ...runFields(entry), ...errorFields(error) });
      return asItIs(entry);
    }
  }

  async #act(entry: OpenRun, now: number): Promise<Outcome> {
    const { openRuns, config } = this.#parts;
    const found = await this.#find(entry);
    if (typeof found === "string") return this.#giveUpEntry(entry, found);
    const [run, current] = found;
    const state = openRunStateOf(entry, run, current, config);
    const step = stepOf(entry, state, now, config);
    switch (step.kind) {
      case "remove":
        await openRuns.unlist(entry.runId, entry.createdAt, entry.attempt);
        return "gone";
      case "drive":
        if (run && state.kind === "open") await this.#drive(entry, run, state.attempt, step.time);
        return "open";
      case "give up":
        return this.#giveUp(entry, run, state);
      case "wait":
        return asItIs(entry);
    }
  }

  /** The run and what counts of its receipt, or why their items cannot be read. */
  async #find(entry: OpenRun): Promise<[CompactionRun | undefined, CurrentRun | undefined] | string> {
    const { runs } = this.#parts;
    try {
      return await Promise.all([runs.find(entry), runs.current(entry)]);
    } catch (error) {
      if (error instanceof ItemUnreadableError) return error.message;
      throw error;
    }
  }

  /** Counted before it is sent: where a crash comes between the two, the next sweep sends what was counted. */
  async #drive(entry: OpenRun, run: CompactionRun, attempt: number, time: number): Promise<void> {
    const { runs, openRuns, queues, now, log } = this.#parts;
    const claimed = await openRuns.claim(entry, { attempt, time, now: new Date(now()).toISOString() });
    if (claimed === undefined) return;
    await runs.reopen(run, attempt);
    const open = await runs.find(run);
    // The first sending of an attempt is not the sweeper's.
    if (open) await queues.redrive(open, entry.openedAt, time + 1);
    await openRuns.markSent(claimed);
    this.#redriven += 1;
    log.warn("The messages of an open run were sent again", { ...runFields(entry), attempt, redrive: time });
  }

  async #giveUp(entry: OpenRun, run: CompactionRun | undefined, state: OpenRunState): Promise<Outcome> {
    const { runs, config } = this.#parts;
    const reason = reasonOf(state, config);
    // A half that somebody has moved since it was read is looked at again by the next sweep.
    if (run && !(await runs.giveUp(run, reason))) return "open";
    return this.#giveUpEntry(entry, reason);
  }

  async #giveUpEntry(entry: OpenRun, reason: string): Promise<Outcome> {
    const { openRuns, now, log } = this.#parts;
    if (entry.givenUpAt !== undefined) return "given up";
    if (!(await openRuns.giveUp(entry, reason, new Date(now()).toISOString()))) return "open";
    log.error("An open run was given up", { ...runFields(entry), reason });
    return "given up";
  }
}

function asItIs(entry: OpenRun): Outcome {
  return entry.givenUpAt === undefined ? "open" : "given up";
}

function reasonOf({ kind }: OpenRunState, { openMs, redrives }: SweepConfig): string {
  if (kind === "failed") return "It failed for its own reason, and its messages are in the dead letters.";
  const minutes = Math.round((openMs * (redrives + 1)) / 60_000);
  if (kind === "unopened") return `No embed message has opened it within ${minutes} minutes.`;
  return `It was not completed within ${minutes} minutes, though its messages were sent again ${redrives} times.`;
}
