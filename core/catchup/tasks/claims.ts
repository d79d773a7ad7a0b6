import { hash } from "node:crypto";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { unlessConditionFailed } from "../../conditional-write.ts";
import type { ProcessRequest } from "../requests/process-request.ts";

const claimItem = z.object({
  task_id: z.string(),
  request: z.string(),
  asked_at: z.number(),
  expires_at: z.number(),
});

/** The task that carries out a request. */
export interface Claim {
  readonly taskId: string;
  /** Fingerprint of the request. */
  readonly request: string;
  /** Epoch milliseconds of the original request. */
  readonly askedAt: number;
}

/** Equal for equal requests. */
export function fingerprint(request: ProcessRequest): string {
  return hash("sha256", JSON.stringify(Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1))), "hex");
}

/** The name of the claim of a request, or of an idempotency key. */
export const claimOfRequest = (print: string): string => `REQUEST#${print}`;
export const claimOfKey = (key: string): string => `KEY#${hash("sha256", key, "hex")}`;

/** Records which task carries out a request. A claim is replaced only by a writer that has read it. */
export class Claims {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(name: string, now: number): Promise<Claim | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: keyOf(name), ConsistentRead: true }),
    );
    if (Item === undefined) return undefined;
    const { task_id, request, asked_at, expires_at } = claimItem.parse(Item);
    return expires_at * 1000 > now ? { taskId: task_id, request, askedAt: asked_at } : undefined;
  }

  /** Resolves to false if the claim has changed since it was read. An expired claim counts as absent. */
  async take(
    name: string,
    seen: Claim | undefined,
    next: Claim,
    expiresAt: number,
    now: number,
  ): Promise<boolean> {
    const written = await unlessConditionFailed(
      this.#client.send(
        new PutCommand({
          TableName: this.#table,
          Item: {
            ...keyOf(name),
            task_id: next.taskId,
            request: next.request,
            asked_at: next.askedAt,
            expires_at: expiresAt,
          },
          ConditionExpression: seen ? "task_id = :seen" : "attribute_not_exists(PK) OR expires_at <= :now",
          ExpressionAttributeValues: seen ? { ":seen": seen.taskId } : { ":now": Math.floor(now / 1000) },
        }),
      ),
    );
    return written !== undefined;
  }
}

function keyOf(name: string) {
  return { PK: `CLAIM#${name}`, SK: "CLAIM" };
}
