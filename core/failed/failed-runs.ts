import { BatchGetCommand, type DynamoDBDocumentClient, paginateQuery } from "@aws-sdk/lib-dynamodb";
import { z } from "zod";
import { collections } from "../receipts/receipt.ts";
import type { CompactionRun } from "../runs/compaction-run.ts";
import { OpenRuns } from "../runs/open-runs.ts";
import { redriveReceipt } from "../runs/redrive-receipt.ts";
import { openShards, readRun, runKey } from "../runs/run-item.ts";
import type { RunQueues } from "../runs/run-queues.ts";
import type { RunStore } from "../runs/run-store.ts";
import type { FailedSource, FailedThing, Listing, Retried } from "./failed-source.ts";
import { mayBePurged } from "./failed-source.ts";

export interface FailedRunsOptions {
  readonly client: DynamoDBDocumentClient;
  readonly receiptsTable: string;
  readonly controlTable: string;
  readonly runs: RunStore;
  readonly queues: RunQueues;
  readonly pause: (ms: number) => Promise<unknown>;
}

const keysACall = 100;
const pauseMs = 100;

/** An entry of the list of open runs. */
const openRun = z.object({
  image_id: z.string(),
  receipt_id: z.int(),
  run_id: z.string(),
  attempt: z.int(),
  opened_at: z.string(),
});
type OpenRun = z.infer<typeof openRun>;

interface FailedRun {
  readonly run: CompactionRun;
  readonly openedAt: string;
}

/** Runs that are open because a collection could not take them. */
export class FailedRuns implements FailedSource {
  readonly name = "failed-runs";
  readonly #options: FailedRunsOptions;

  constructor(options: FailedRunsOptions) {
    this.#options = options;
  }

  async list(most: number): Promise<Listing> {
    const failed = await this.#failed();
    return { things: failed.slice(0, most).map(thingOf), total: failed.length };
  }

  async retry(): Promise<Retried> {
    let retried = 0;
    const stayed: FailedThing[] = [];
    for (const failed of await this.#failed()) {
      try {
        await this.#driveAgain(failed.run);
        retried += 1;
      } catch (error) {
        stayed.push({ ...thingOf(failed), reason: (error as Error).message });
      }
    }
    return { retried, stayed, untouched: 0 };
  }

  /** The run keeps its state and its reason, and is no longer listed as open. */
  async purge(listing: Listing): Promise<number> {
    const { client, controlTable } = this.#options;
    const openRuns = new OpenRuns(client, controlTable);
    const isNamed = mayBePurged(listing);
    const due = (await this.#failed()).filter(({ run }) => isNamed(run.runId));
    for (const { run } of due) await openRuns.unlist(run.runId, run.createdAt, run.attempts);
    return due.length;
  }

  /** One that counts no more is only to be closed, which compaction does when it sees it. */
  async #driveAgain(run: CompactionRun): Promise<void> {
    const { runs, queues } = this.#options;
    const now = new Date();
    const current = await runs.current(run);
    if (current?.runId === run.runId) await redriveReceipt({ runs, queues }, run, now.toISOString());
    else await queues.redrive(run, now.toISOString(), now.getTime());
  }

  /** Oldest first. */
  async #failed(): Promise<FailedRun[]> {
    const failed: FailedRun[] = [];
    for (let shard = 0; shard < openShards; shard += 1) {
      const open = new Map((await this.#open(`OPEN#${shard}`)).map((one) => [one.run_id, one]));
      for (const run of await this.#runs([...open.values()])) {
        const openedAt = open.get(run.runId)?.opened_at ?? run.createdAt;
        if (failedHalves(run).length > 0) failed.push({ run, openedAt });
      }
    }
    return failed.sort((a, b) => (a.openedAt < b.openedAt ? -1 : 1));
  }

  async #open(partition: string): Promise<OpenRun[]> {
    const { client, controlTable } = this.#options;
    const open: OpenRun[] = [];
    const query = {
      TableName: controlTable,
      KeyConditionExpression: "PK = :partition",
      ExpressionAttributeValues: { ":partition": partition },
    };
    for await (const { Items = [] } of paginateQuery({ client }, query)) {
      open.push(...Items.map((item) => openRun.parse(item)));
    }
    return open;
  }

  /** Those that exist. */
  async #runs(open: readonly OpenRun[]): Promise<CompactionRun[]> {
    const { client, receiptsTable, pause } = this.#options;
    const runs: CompactionRun[] = [];
    let waiting: Record<string, unknown>[] = open.map(({ image_id, receipt_id, run_id }) => ({
      ...runKey({ imageId: image_id, receiptId: receipt_id, runId: run_id }),
    }));
    while (waiting.length > 0) {
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetCommand({ RequestItems: { [receiptsTable]: { Keys: waiting.slice(0, keysACall) } } }),
      );
      runs.push(...(Responses?.[receiptsTable] ?? []).map(readRun));
      const left = UnprocessedKeys?.[receiptsTable]?.Keys ?? [];
      if (left.length > 0) await pause(pauseMs);
      waiting = [...left, ...waiting.slice(keysACall)];
    }
    return runs;
  }
}

function failedHalves({ halves }: CompactionRun) {
  return collections.filter((collection) => halves[collection].state === "FAILED");
}

function thingOf({ run, openedAt }: FailedRun): FailedThing {
  const reasons = failedHalves(run).map((collection) => {
    const { failures, error = "It says no reason." } = run.halves[collection];
    return `${collection}, ${failures} times: ${error}`;
  });
  return {
    id: run.runId,
    since: openedAt,
    image_id: run.imageId,
    receipt_id: run.receiptId,
    entity: `run ${run.runId}, attempt ${run.attempts}`,
    reason: reasons.join(" "),
  };
}
