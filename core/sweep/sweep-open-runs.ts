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
 * Redrives runs that have been open for too long, gives up those that redrives did not complete, and cleans up the list
 * (F5). After `until` it only counts. Throws SweepIncompleteError.
 */
export async function sweepOpenRuns(parts: OpenRunsSweep, until: number): Promise<void> {
  const sweep = new Sweep(parts, until);
  for await (const entries of parts.openRuns.pages((error) => sweep.skip(error))) {
    await inParallel(entries, entriesAtOnce, (entry) => sweep.look(entry));
  }
  sweep.end();
}

/** The outcome of an entry. */
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

  /** Counts as given up, because an unreadable entry needs an operator. */
  skip(error: ItemUnreadableError): void {
    this.#outcomes["given up"] += 1;
    this.#parts.log.error("An entry of the list of open runs cannot be read", errorFields(error));
  }

  /** Reports the results, and throws if an entry failed. */
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

  /** A run that cannot be swept does not affect the others. */
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

  /** The run and the CURRENT item of its document, or the reason why they cannot be read. */
  async #find(entry: OpenRun): Promise<[CompactionRun | undefined, CurrentRun | undefined] | string> {
    const { runs } = this.#parts;
    try {
      return await Promise.all([runs.find(entry), runs.current(entry)]);
    } catch (error) {
      if (error instanceof ItemUnreadableError) return error.message;
      throw error;
    }
  }

  /** Claims the redrive before it sends the messages, so that the next sweep sends them after a crash in between. */
  async #drive(entry: OpenRun, run: CompactionRun, attempt: number, time: number): Promise<void> {
    const { runs, openRuns, queues, now, log } = this.#parts;
    const claimed = await openRuns.claim(entry, { attempt, time, now: new Date(now()).toISOString() });
    if (claimed === undefined) return;
    await runs.reopen(run, attempt);
    const open = await runs.find(run);
    // The first messages of an attempt do not come from the sweeper, so its redrives count from two.
    if (open) await queues.redrive(open, entry.openedAt, time + 1);
    await openRuns.markSent(claimed);
    this.#redriven += 1;
    log.warn("The messages of an open run were sent again", { ...runFields(entry), attempt, redrive: time });
  }

  async #giveUp(entry: OpenRun, run: CompactionRun | undefined, state: OpenRunState): Promise<Outcome> {
    const { runs, config } = this.#parts;
    const reason = reasonOf(state, config);
    // A half has changed since it was read, so the next sweep decides again.
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
  if (kind === "failed") return "The run failed permanently, and its messages are in the dead-letter queue.";
  const minutes = Math.round((openMs * (redrives + 1)) / 60_000);
  if (kind === "unopened") return `No embed message opened the run within ${minutes} minutes.`;
  return `The run was not completed within ${minutes} minutes, although its messages were sent again ${redrives} times.`;
}
