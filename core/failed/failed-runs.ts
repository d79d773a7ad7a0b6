import { BatchGetCommand, type DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { collections } from "../../contract/collections.ts";
import { documentModel } from "../documents/documents.ts";
import type { Clock } from "../resilience/clock.ts";
import { sendAll } from "../resilience/unprocessed.ts";
import type { CompactionRun } from "../runs/compaction-run.ts";
import type { OpenRun } from "../runs/open-run.ts";
import { OpenRuns } from "../runs/open-runs.ts";
import { redriveDocument } from "../runs/redrive-document.ts";
import { readRun, runKey } from "../runs/run-item.ts";
import type { RunQueues } from "../runs/run-queues.ts";
import type { RunStore } from "../runs/run-store.ts";
import { ItemUnreadableError } from "../unreadable-item.ts";
import type { FailedSource, FailedThing, Listing, Retried } from "./failed-source.ts";
import { mayBePurged } from "./failed-source.ts";
import { unknownSubject } from "./subjects.ts";

export interface FailedRunsOptions {
  readonly client: DynamoDBDocumentClient;
  readonly sourceTable: string;
  readonly controlTable: string;
  readonly runs: RunStore;
  readonly queues: RunQueues;
  readonly clock: Clock;
}

const keysPerCall = 100;

interface FailedRun {
  readonly run: CompactionRun;
  readonly openedAt: string;
}

/** Runs that are open because a collection could not apply them. */
export class FailedRuns implements FailedSource {
  readonly name = "failed-runs";
  readonly #options: FailedRunsOptions;

  constructor(options: FailedRunsOptions) {
    this.#options = options;
  }

  async list(most: number): Promise<Listing> {
    const { failed, unreadable } = await this.#failed();
    const things = [...unreadable, ...failed.map(thingOf)];
    return { things: things.slice(0, most), total: things.length };
  }

  async retry(): Promise<Retried> {
    let retried = 0;
    const { failed: all, unreadable } = await this.#failed();
    const stayed: FailedThing[] = [...unreadable];
    for (const failed of all) {
      try {
        await this.#driveAgain(failed.run);
        retried += 1;
      } catch (error) {
        stayed.push({ ...thingOf(failed), reason: (error as Error).message });
      }
    }
    return { retried, stayed, untouched: 0 };
  }

  /** Removes the run from the list of open runs; the run itself keeps its state and its reason. */
  async purge(listing: Listing): Promise<number> {
    const { client, controlTable } = this.#options;
    const openRuns = new OpenRuns(client, controlTable);
    const isNamed = mayBePurged(listing);
    const due = (await this.#failed()).failed.filter(({ run }) => isNamed(run.runId));
    for (const { run } of due) await openRuns.unlist(run.runId, run.createdAt, run.attempts);
    return due.length;
  }

  /** Redrives a current run. A superseded one only needs its message, with which compaction closes it. */
  async #driveAgain(run: CompactionRun): Promise<void> {
    const { runs, queues } = this.#options;
    const now = new Date();
    const current = await runs.current(run);
    if (current?.runId === run.runId) await redriveDocument({ runs, queues }, run, now.toISOString());
    else await queues.redrive(run, now.toISOString(), now.getTime());
  }

  /** Oldest first. Unreadable entries and runs are listed with their reason and do not hide others (F26). */
  async #failed(): Promise<{ readonly failed: FailedRun[]; readonly unreadable: readonly FailedThing[] }> {
    const { client, controlTable } = this.#options;
    const failed: FailedRun[] = [];
    const unreadable: FailedThing[] = [];
    const onUnreadable = (error: ItemUnreadableError) => unreadable.push(unreadableThing(error));
    for await (const page of new OpenRuns(client, controlTable).pages(onUnreadable)) {
      const open = new Map(page.map((one) => [one.runId, one]));
      for (const run of await this.#runs(page, onUnreadable)) {
        const openedAt = open.get(run.runId)?.openedAt ?? run.createdAt;
        if (failedHalves(run).length > 0) failed.push({ run, openedAt });
      }
    }
    return { failed: failed.sort((a, b) => (a.openedAt < b.openedAt ? -1 : 1)), unreadable };
  }

  /** The existing runs. */
  async #runs(
    open: readonly OpenRun[],
    onUnreadable: (error: ItemUnreadableError) => void,
  ): Promise<CompactionRun[]> {
    const { client, sourceTable, clock } = this.#options;
    const runs: CompactionRun[] = [];
    const send = async (keys: readonly Record<string, unknown>[]) => {
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetCommand({ RequestItems: { [sourceTable]: { Keys: [...keys] } } }),
      );
      for (const item of Responses?.[sourceTable] ?? []) {
        try {
          runs.push(readRun(item));
        } catch (error) {
          if (!(error instanceof ItemUnreadableError)) throw error;
          onUnreadable(error);
        }
      }
      return UnprocessedKeys?.[sourceTable]?.Keys ?? [];
    };
    const keys = open.map((run): Record<string, unknown> => ({ ...runKey(run) }));
    await sendAll(keys, { perCall: keysPerCall, send, clock });
    return runs;
  }
}

/** Shows the current time, because the time of an unreadable item is unknown. */
function unreadableThing({ item, message }: ItemUnreadableError): FailedThing {
  return { ...unknownSubject, id: item, since: new Date().toISOString(), entity: item, reason: message };
}

function failedHalves({ halves }: CompactionRun) {
  return collections.filter((collection) => halves[collection].state === "FAILED");
}

function thingOf({ run, openedAt }: FailedRun): FailedThing {
  const reasons = failedHalves(run).map((collection) => {
    const { failures, error = "No reason is recorded." } = run.halves[collection];
    return `${collection}, ${failures} times: ${error}`;
  });
  return {
    id: run.runId,
    since: openedAt,
    ...documentModel.toStored(run),
    entity: `run ${run.runId}, attempt ${run.attempts}`,
    reason: reasons.join(" "),
  };
}
