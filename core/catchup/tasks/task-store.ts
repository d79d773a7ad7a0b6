import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { unlessConditionFailed } from "../../conditional-write.ts";
import { InputError } from "../../vectorkeep-error.ts";
import { addInFlight, collectCounts, type InFlight, nothingUnderWay } from "./chunk-counts.ts";
import type { Counts } from "./counts.ts";
import { type Task, type TaskStatus, task } from "./task.ts";
import { isUnit, type UnitState, unitState } from "./unit-store.ts";

/** Index of the tasks table with hash key `kind` and range key `created_at`. */
export const newestFirstIndex = "newest-first";
export const kind = "TASK";

/** The fields of a task that can change while it is open. */
export type TaskChange = Partial<
  Pick<
    Task,
    | "status"
    | "started_at"
    | "completed_at"
    | "rows"
    | "chunks"
    | "lane"
    | "batch_tokens"
    | "worked_on_by"
    | "alive_until"
    | "settling_until"
    | "broken_attempts"
    | "counts"
    | "chunks_completed"
    | "chunks_failed"
    | "estimate"
    | "error"
    | "failed_records_key"
    | "duplicate_records_key"
  >
>;

/** Maximum number of queries for a filtered page. */
const maxLooks = 20;

export interface TaskQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
  /** Tasks in any of these statuses. @default all */
  readonly statuses?: readonly TaskStatus[] | undefined;
  /** @default all */
  readonly source?: Task["request"]["data_source"] | undefined;
}

export interface TaskPage {
  readonly tasks: readonly Task[];
  /** Cursor of the next page; undefined on the last one. */
  readonly next: string | undefined;
}

/** A task with the counts of its chunks so far, by number of the chunk. */
export interface TaskProgress {
  readonly task: Task;
  readonly chunks: ReadonlyMap<number, Counts>;
  readonly underWay: InFlight;
  /** The batches of a task in lane batch. */
  readonly units: readonly UnitState[];
  /** Epoch milliseconds of the last change of the task or one of its chunks. */
  readonly touchedAt: number;
}

const pageKey = z.object({ PK: z.string(), SK: z.string(), kind: z.literal(kind), created_at: z.string() });

/** A cursor is not one that a page returned. */
export class CursorInvalidError extends InputError {
  constructor() {
    super(
      "The cursor is invalid.",
      "Pass next_cursor of the previous page unchanged, or no cursor for the first page.",
    );
  }
}

/** Tasks in DynamoDB. A task changes only while it is open, so its last status is final. */
export class TaskStore {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** Resolves to false if a task with this id exists. An expired one counts as absent. */
  async create(item: Task, now = Date.now()): Promise<boolean> {
    const written = await unlessConditionFailed(
      this.#client.send(
        new PutCommand({
          TableName: this.#table,
          Item: { ...keyOf(item.task_id), kind, ...item },
          ConditionExpression: "attribute_not_exists(PK) OR expires_at <= :now",
          ExpressionAttributeValues: { ":now": Math.floor(now / 1000) },
        }),
      ),
    );
    return written !== undefined;
  }

  /** Undefined if the task does not exist or has expired. */
  async get(taskId: string, now = Date.now()): Promise<Task | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: keyOf(taskId), ConsistentRead: true }),
    );
    return Item && unlessExpired(task.parse(Item), now);
  }

  /**
   * A task with the counts of its chunks. Takes a single query if they fit in a page, because callers poll often.
   * Undefined if the task does not exist or has expired.
   */
  async progress(taskId: string, now = Date.now()): Promise<TaskProgress | undefined> {
    const chunks = new Map<number, Counts>();
    let found: Task | undefined;
    let underWay = nothingUnderWay;
    const units: UnitState[] = [];
    let touchedAt = 0;
    for (let start: Record<string, unknown> | undefined, more = true; more; more = start !== undefined) {
      const { Items = [], LastEvaluatedKey } = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: "PK = :task",
          ExpressionAttributeValues: { ":task": keyOf(taskId).PK },
          ConsistentRead: true,
          ExclusiveStartKey: start,
        }),
      );
      for (const item of Items) {
        if (item.SK === keyOf(taskId).SK) found = unlessExpired(task.parse(item), now);
        else if (isUnit(item.SK)) units.push(unitState.parse(item));
        else {
          collectCounts(item, chunks);
          underWay = addInFlight(item, underWay);
          touchedAt = Math.max(touchedAt, Number(item.reported_at) || 0);
        }
      }
      start = LastEvaluatedKey;
    }
    if (found === undefined) return undefined;
    touchedAt = Math.max(touchedAt, Date.parse(found.updated_at));
    return { task: found, chunks, underWay, units, touchedAt };
  }

  /**
   * Changes a task that is in one of the given statuses, by default open. Resolves to false, and changes nothing, if it
   * is not.
   */
  async change(
    taskId: string,
    change: TaskChange,
    from: readonly TaskStatus[] = ["PENDING", "IN_PROGRESS"],
  ): Promise<boolean> {
    const fields = { ...change, updated_at: new Date().toISOString() };
    const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
    const written = await unlessConditionFailed(
      this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: keyOf(taskId),
          UpdateExpression: `SET ${entries.map(([name]) => `#${name} = :${name}`).join(", ")}`,
          ConditionExpression: `#status IN (${from.map((_, index) => `:from${index}`).join(", ")})`,
          ExpressionAttributeNames: {
            "#status": "status",
            ...Object.fromEntries(entries.map(([name]) => [`#${name}`, name])),
          },
          ExpressionAttributeValues: {
            ...Object.fromEntries(from.map((status, index) => [`:from${index}`, status])),
            ...Object.fromEntries(entries.map(([name, value]) => [`:${name}`, value])),
          },
        }),
      ),
    );
    return written !== undefined;
  }

  /**
   * Newest first. `cursor` is `next` of the previous page. A page with a filter may be shorter than its limit,
   * because the number of tasks it scans is bounded; its `next` continues. Throws CursorInvalidError.
   */
  async list({ limit, cursor, statuses, source }: TaskQuery, now = Date.now()): Promise<TaskPage> {
    const tasks: Task[] = [];
    const isWanted = ({ expires_at, status, request }: Task) =>
      expires_at * 1000 > now &&
      (statuses === undefined || statuses.includes(status)) &&
      (source === undefined || request.data_source === source);
    const isFiltered = statuses !== undefined || source !== undefined;
    let start: Record<string, unknown> | undefined = startOf(cursor);
    for (let looks = 0; looks < maxLooks; looks += 1) {
      const { Items = [], LastEvaluatedKey } = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          IndexName: newestFirstIndex,
          KeyConditionExpression: "kind = :kind",
          ExpressionAttributeValues: { ":kind": kind },
          ScanIndexForward: false,
          Limit: limit - tasks.length,
          ExclusiveStartKey: start,
        }),
      );
      tasks.push(...Items.map((item) => task.parse(item)).filter(isWanted));
      start = LastEvaluatedKey;
      if (start === undefined || tasks.length === limit || !isFiltered) break;
    }
    const next = start && Buffer.from(JSON.stringify(start)).toString("base64url");
    return { tasks, next };
  }
}

function unlessExpired(found: Task, now: number): Task | undefined {
  return found.expires_at * 1000 > now ? found : undefined;
}

function keyOf(taskId: string) {
  return { PK: `TASK#${taskId}`, SK: "TASK" };
}

function startOf(cursor: string | undefined): z.infer<typeof pageKey> | undefined {
  if (cursor === undefined) return undefined;
  try {
    return pageKey.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
  } catch {
    throw new CursorInvalidError();
  }
}
