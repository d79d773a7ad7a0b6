import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { unlessConditionFailed } from "../../conditional-write.ts";
import { itemsOfTask } from "./items-of-task.ts";

const prefix = "BATCH#";

/** Whether an item of a task, by its sort key, is the state of a unit. */
export function isUnit(sortKey: unknown): boolean {
  return typeof sortKey === "string" && sortKey.startsWith(prefix);
}

/** How a unit ended. All but `completed` leave texts to the chunks, which pay the usual price. */
export const unitOutcomes = [
  "nothing_to_pay",
  "completed",
  "expired",
  "failed",
  "cancelled",
  /** The provider refused to create the batch. */
  "refused",
  /** The provider neither ended nor gave the batch in time, or no longer knows it. */
  "lost",
] as const;

/** The batch of a unit. Times are epoch milliseconds. */
export const unitState = z.object({
  unit: z.number().int().min(0),
  /** Incremented by every write, so that of two processes only one continues. */
  version: z.number().int(),
  step: z.enum(["uploading", "creating", "running", "collected", "ended"]),
  started_at: z.number(),
  /** Of the file of requests. */
  digest: z.string().optional(),
  inputs: z.number().optional(),
  input_file_id: z.string().optional(),
  /** The last attempt to create the batch. */
  creating_at: z.number().optional(),
  batch_id: z.string().optional(),
  running_since: z.number().optional(),
  outcome: z.enum(unitOutcomes).optional(),
  /** The provider's code and words, if it gave any. */
  reason: z.string().optional(),
  /** Files of the provider that are still to be deleted. */
  files: z.array(z.string()).optional(),
  collected_inputs: z.number().optional(),
  collected_tokens: z.number().optional(),
});

export type UnitState = z.infer<typeof unitState>;

/** Tokens that batches have paid for. */
export function tokensInBatches(units: Iterable<UnitState>): number {
  let tokens = 0;
  for (const { collected_tokens = 0 } of units) tokens += collected_tokens;
  return tokens;
}

/** The batches of a task's units, beside the task's item. */
export class UnitStore {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async get(taskId: string, unit: number): Promise<UnitState | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: keyOf(taskId, unit), ConsistentRead: true }),
    );
    return Item && unitState.parse(Item);
  }

  /**
   * Replaces the state with the version before. `expiresAt` is the expiry of the task in epoch seconds. Resolves to
   * undefined, and changes nothing, if another process was first.
   */
  async put(
    taskId: string,
    state: Omit<UnitState, "version"> & { readonly version?: number },
    expiresAt: number,
  ): Promise<UnitState | undefined> {
    const { version = 0 } = state;
    const next: UnitState = { ...state, version: version + 1 };
    const written = await unlessConditionFailed(
      this.#client.send(
        new PutCommand({
          TableName: this.#table,
          Item: { ...keyOf(taskId, state.unit), ...next, expires_at: expiresAt },
          ConditionExpression: version === 0 ? "attribute_not_exists(PK)" : "version = :version",
          ...(version > 0 && { ExpressionAttributeValues: { ":version": version } }),
        }),
      ),
    );
    return written && next;
  }

  async all(taskId: string): Promise<UnitState[]> {
    const found: UnitState[] = [];
    for await (const item of itemsOfTask(this.#client, this.#table, taskId, prefix)) {
      found.push(unitState.parse(item));
    }
    return found;
  }
}

function keyOf(taskId: string, unit: number) {
  return { PK: `TASK#${taskId}`, SK: `${prefix}${String(unit).padStart(6, "0")}` };
}
