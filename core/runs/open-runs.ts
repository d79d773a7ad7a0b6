import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  paginateQuery,
  QueryCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { unlessConditionFailed } from "../conditional-write.ts";
import { documentModel } from "../documents/documents.ts";
import { cutMessage } from "../text/cut-message.ts";
import { ItemUnreadableError } from "../unreadable-item.ts";
import { type OpenRun, readOpenRun } from "./open-run.ts";
import { openKey, openPartition, openShards } from "./run-item.ts";
import type { RunRef } from "./run-store.ts";

const partitions = Array.from({ length: openShards }, (_, shard) => openPartition(shard));

/**
 * The list of runs that are not completed, in the control table. An entry is written before its run is opened and
 * removed after its completion, so a crash leaves at most an entry of a run that is not open.
 */
export class OpenRuns {
  readonly #client: DynamoDBDocumentClient;
  readonly #controlTable: string;

  constructor(client: DynamoDBDocumentClient, controlTable: string) {
    this.#client = client;
    this.#controlTable = controlTable;
  }

  /** Does not overwrite an entry of the same or a later attempt. */
  async list(run: RunRef, createdAt: string, attempt: number): Promise<void> {
    const put = new PutCommand({
      TableName: this.#controlTable,
      Item: {
        ...openKey(run.runId, createdAt),
        ...documentModel.toStored(run),
        run_id: run.runId,
        attempt,
        /** The time of the attempt; the key contains the creation time of the run. */
        opened_at: new Date().toISOString(),
      },
      ConditionExpression: "attribute_not_exists(PK) OR attempt < :attempt",
      ExpressionAttributeValues: { ":attempt": attempt },
    });
    await unlessConditionFailed(this.#client.send(put));
  }

  /** Removes only the entry of that attempt: a run that was reopened in the meantime stays listed. */
  async unlist(runId: string, createdAt: string, attempt: number): Promise<void> {
    const remove = new DeleteCommand({
      TableName: this.#controlTable,
      Key: { ...openKey(runId, createdAt) },
      ConditionExpression: "attempt = :attempt",
      ExpressionAttributeValues: { ":attempt": attempt },
    });
    await unlessConditionFailed(this.#client.send(remove));
  }

  /** All entries, by page. An unreadable entry is reported and does not stop the others. */
  async *pages(onUnreadable: (reason: ItemUnreadableError) => void): AsyncGenerator<OpenRun[]> {
    for (const partition of partitions) {
      const pages = paginateQuery(
        { client: this.#client },
        {
          TableName: this.#controlTable,
          KeyConditionExpression: "PK = :partition",
          ExpressionAttributeValues: { ":partition": partition },
          ConsistentRead: true,
        },
      );
      for await (const { Items = [] } of pages) {
        yield Items.flatMap((item) => readable(item, onUnreadable) ?? []);
      }
    }
  }

  /** The number of open runs, without those that were given up. Stops counting once it exceeds `enough`. */
  async count(enough: number): Promise<number> {
    let open = 0;
    for (const partition of partitions) {
      let from: Record<string, unknown> | undefined;
      do {
        if (open > enough) return open;
        const { Count = 0, LastEvaluatedKey } = await this.#client.send(
          new QueryCommand({
            TableName: this.#controlTable,
            KeyConditionExpression: "PK = :partition",
            FilterExpression: "attribute_not_exists(given_up_at)",
            ExpressionAttributeValues: { ":partition": partition },
            Select: "COUNT",
            Limit: enough + 1 - open,
            ...(from && { ExclusiveStartKey: from }),
          }),
        );
        open += Count;
        from = LastEvaluatedKey;
      } while (from);
    }
    return open;
  }

  /**
   * Claims redrive number `time` of this attempt before its messages are sent. Of concurrent claims one succeeds; the
   * others resolve to undefined.
   */
  async claim(
    entry: OpenRun,
    { attempt, time, now }: { readonly attempt: number; readonly time: number; readonly now: string },
  ): Promise<OpenRun | undefined> {
    const claimed = await this.#update(entry, {
      UpdateExpression: "SET attempt = :attempt, redrives = :time, swept_at = :now",
      values: { ":attempt": attempt, ":time": time, ":now": now },
    });
    return claimed && { ...entry, attempt, redrives: time, sweptAt: now };
  }

  /** Marks the claimed redrive as sent. */
  async markSent(claimed: OpenRun): Promise<void> {
    await this.#update(claimed, {
      UpdateExpression: "SET sent = redrives",
      values: {},
    });
  }

  /**
   * Marks the entry as given up, with the reason for operators. Resolves to false if it has changed since it was read.
   */
  async giveUp(entry: OpenRun, reason: string, now: string): Promise<boolean> {
    const given = await this.#update(entry, {
      UpdateExpression: "SET given_up_at = :now, reason = :reason",
      values: { ":now": now, ":reason": cutMessage(reason) },
    });
    return given !== undefined;
  }

  /** Resolves to undefined if the entry is missing, given up, at another attempt, or was claimed in the meantime. */
  #update(
    { runId, createdAt, attempt, sweptAt }: OpenRun,
    { UpdateExpression, values }: { UpdateExpression: string; values: Record<string, unknown> },
  ) {
    const unswept = sweptAt === undefined ? "attribute_not_exists(swept_at)" : "swept_at = :swept";
    return unlessConditionFailed(
      this.#client.send(
        new UpdateCommand({
          TableName: this.#controlTable,
          Key: { ...openKey(runId, createdAt) },
          UpdateExpression,
          ConditionExpression: `attempt = :seen AND attribute_not_exists(given_up_at) AND ${unswept}`,
          ExpressionAttributeValues: {
            ...values,
            ":seen": attempt,
            ...(sweptAt !== undefined && { ":swept": sweptAt }),
          },
        }),
      ),
    );
  }
}

function readable(item: unknown, onUnreadable: (reason: ItemUnreadableError) => void): OpenRun | undefined {
  try {
    return readOpenRun(item);
  } catch (error) {
    if (!(error instanceof ItemUnreadableError)) throw error;
    onUnreadable(error);
    return undefined;
  }
}
