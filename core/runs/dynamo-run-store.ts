import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from "@aws-sdk/lib-dynamodb";
import { collectionOf, collections, type ShardName } from "../../contract/collections.ts";
import { unlessConditionFailed } from "../conditional-write.ts";
import type { DocumentRef } from "../documents/documents.ts";
import { documentModel } from "../documents/documents.ts";
import { systemClock } from "../resilience/clock.ts";
import { cutMessage } from "../text/cut-message.ts";
import { traceparentField } from "../tracing/traceparent.ts";
import type { CompactionRun } from "./compaction-run.ts";
import type { CurrentRun, NextCurrent } from "./current-run.ts";
import { OpenRuns } from "./open-runs.ts";
import { readCurrents } from "./read-currents.ts";
import {
  currentAttributes,
  currentKey,
  freshHalf,
  type ItemKey,
  readCurrent,
  readRun,
  runKey,
} from "./run-item.ts";
import type { CurrentOf, NewRun, RunRef, RunStore } from "./run-store.ts";
import { givingUp, reopening } from "./run-updates.ts";

export interface DynamoRunStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly sourceTable: string;
  readonly controlTable: string;
}

/**
 * A run store in DynamoDB. Every transition is one conditional write of one item; a failed condition is returned, not
 * thrown.
 */
export class DynamoRunStore implements RunStore {
  readonly #client: DynamoDBDocumentClient;
  readonly #sourceTable: string;
  readonly #controlTable: string;
  readonly #openRuns: OpenRuns;

  constructor(options: DynamoRunStoreOptions) {
    this.#client = options.client;
    this.#sourceTable = options.sourceTable;
    this.#controlTable = options.controlTable;
    this.#openRuns = new OpenRuns(options.client, options.controlTable);
  }

  async current(document: DocumentRef): Promise<CurrentRun | undefined> {
    const item = await this.#read(this.#controlTable, currentKey(document));
    return item && readCurrent(item);
  }

  currents(documents: readonly DocumentRef[]): Promise<CurrentOf> {
    const table = { client: this.#client, controlTable: this.#controlTable, clock: systemClock };
    return readCurrents(table, documents);
  }

  async moveCurrent(
    document: DocumentRef,
    from: CurrentRun | undefined,
    to: NextCurrent,
  ): Promise<"moved" | "refused"> {
    const put = new PutCommand({
      TableName: this.#controlTable,
      Item: { ...currentKey(document), ...currentAttributes(to, (from?.version ?? 0) + 1) },
      ...(from
        ? { ConditionExpression: "version = :from", ExpressionAttributeValues: { ":from": from.version } }
        : { ConditionExpression: "attribute_not_exists(PK)" }),
    });
    return (await unlessConditionFailed(this.#client.send(put))) ? "moved" : "refused";
  }

  async find(run: RunRef): Promise<CompactionRun | undefined> {
    const item = await this.#read(this.#sourceTable, runKey(run));
    return item && readRun(item);
  }

  async open(run: NewRun): Promise<void> {
    if (await this.find(run)) return;
    const now = new Date().toISOString();
    await this.#openRuns.list(run, now, 1);
    const put = new PutCommand({
      TableName: this.#sourceTable,
      Item: {
        ...runKey(run),
        TYPE: "COMPACTION_RUN",
        ...documentModel.toStored(run),
        run_id: run.runId,
        attempts: 1,
        rejected_rows: run.rejectedRows,
        created_at: now,
        updated_at: now,
        ...freshHalf("lines", run.deltaPrefixes.lines),
        ...freshHalf("words", run.deltaPrefixes.words),
        ...traceparentField(),
      },
      ConditionExpression: "attribute_not_exists(PK)",
    });
    if (await unlessConditionFailed(this.#client.send(put))) return;
    const known = await this.find(run);
    if (known?.createdAt !== now) await this.#openRuns.unlist(run.runId, now, 1);
  }

  async reopen(run: RunRef, attempt: number): Promise<void> {
    const known = await this.find(run);
    if (!known || known.attempts >= attempt) return;
    await this.#openRuns.list(run, known.createdAt, attempt);
    await this.#update({ ...reopening(attempt), TableName: this.#sourceTable, Key: runKey(run) });
  }

  async start(
    run: RunRef,
    shard: ShardName,
    token: number,
  ): Promise<"started" | "completed" | "fenced" | "missing"> {
    const collection = collectionOf(shard);
    const started = await this.#moveHalf(run, shard, {
      UpdateExpression:
        "SET #state = :processing, #shard = :shard, #token = :token, #started = :now, updated_at = :now",
      ConditionExpression:
        "attribute_exists(PK) AND #state <> :completed AND (attribute_not_exists(#shard) OR #shard <> :shard OR #token <= :token)",
      ExpressionAttributeNames: { "#started": `${collection}_started_at` },
      ExpressionAttributeValues: { ":processing": "PROCESSING", ":completed": "COMPLETED", ":token": token },
    });
    if (started) {
      // Validated before the delta is published, because an unreadable run could not be completed.
      readRun(started);
      return "started";
    }
    const known = await this.find(run);
    if (!known) return "missing";
    return known.halves[collection].state === "COMPLETED" ? "completed" : "fenced";
  }

  async complete(
    run: RunRef,
    shard: ShardName,
    token: number,
    mergedVectors: number,
  ): Promise<"moved" | "fenced"> {
    const collection = collectionOf(shard);
    const moved = await this.#moveHalf(run, shard, {
      UpdateExpression:
        "SET #state = :completed, #finished = :now, #merged = :merged, updated_at = :now REMOVE #error",
      ConditionExpression: "#state IN (:processing, :failed) AND #shard = :shard AND #token = :token",
      ExpressionAttributeNames: {
        "#finished": `${collection}_finished_at`,
        "#merged": `${collection}_merged_vectors`,
        "#error": `${collection}_error`,
      },
      ExpressionAttributeValues: {
        ":completed": "COMPLETED",
        ":processing": "PROCESSING",
        ":failed": "FAILED",
        ":token": token,
        ":merged": mergedVectors,
      },
    });
    // The result has both halves as of that write, so the writer of the last half sees that the other one is completed.
    const after = moved ? readRun(moved) : await this.find(run);
    if (!after) return "fenced";
    if (collections.every((half) => after.halves[half].state === "COMPLETED")) {
      await this.#openRuns.unlist(run.runId, after.createdAt, after.attempts);
    }
    const half = after.halves[collection];
    const isMine = half.shard === shard && half.token === token;
    return half.state === "COMPLETED" && isMine ? "moved" : "fenced";
  }

  async fail(run: RunRef, shard: ShardName, token: number, reason: string): Promise<number | "fenced"> {
    const collection = collectionOf(shard);
    const after = await this.#moveHalf(run, shard, {
      UpdateExpression:
        "SET #state = :failed, #finished = :now, #error = :reason, updated_at = :now ADD #failures :one",
      ConditionExpression: "#state = :processing AND #shard = :shard AND #token = :token",
      ExpressionAttributeNames: {
        "#finished": `${collection}_finished_at`,
        "#error": `${collection}_error`,
        "#failures": `${collection}_failures`,
      },
      ExpressionAttributeValues: {
        ":failed": "FAILED",
        ":processing": "PROCESSING",
        ":token": token,
        ":reason": cutMessage(reason),
        ":one": 1,
      },
    });
    return after ? readRun(after).halves[collection].failures : "fenced";
  }

  async giveUp(run: CompactionRun, reason: string): Promise<boolean> {
    const open = collections.filter((half) => ["PENDING", "PROCESSING"].includes(run.halves[half].state));
    const moved = await Promise.all(
      open.map((half) =>
        this.#update({
          ...givingUp(run, half, reason),
          TableName: this.#sourceTable,
          Key: runKey(run),
        }),
      ),
    );
    return moved.every((item) => item !== undefined);
  }

  /**
   * The caller need not define `#state`, `#shard`, `:shard`, `#token` and `:now`. Resolves to the new item, or
   * undefined if the condition failed.
   */
  #moveHalf(
    run: RunRef,
    shard: ShardName,
    move: Omit<UpdateCommandInput, "TableName" | "Key">,
  ): Promise<Record<string, unknown> | undefined> {
    const collection = collectionOf(shard);
    return this.#update({
      ...move,
      TableName: this.#sourceTable,
      Key: runKey(run),
      ExpressionAttributeNames: {
        ...move.ExpressionAttributeNames,
        "#state": `${collection}_state`,
        "#shard": `${collection}_shard`,
        "#token": `${collection}_token`,
      },
      ExpressionAttributeValues: {
        ...move.ExpressionAttributeValues,
        ":shard": shard,
        ":now": new Date().toISOString(),
      },
    });
  }

  async #update(input: UpdateCommandInput): Promise<Record<string, unknown> | undefined> {
    const answer = await unlessConditionFailed(
      this.#client.send(new UpdateCommand({ ...input, ReturnValues: "ALL_NEW" })),
    );
    return answer?.Attributes;
  }

  async #read(table: string, key: ItemKey): Promise<Record<string, unknown> | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: table, Key: { ...key }, ConsistentRead: true }),
    );
    return Item;
  }
}
