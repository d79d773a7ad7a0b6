import { randomUUID } from "node:crypto";
import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { unlessConditionFailed } from "../../conditional-write.ts";
import { type MerchantFacts, merchantFacts } from "../candidate.ts";
import { PlaceQueryClaimedError } from "./places-errors.ts";

/** The lease of a query; after it another process may query. */
const claimSeconds = 120;
const claimedSeconds = 15;
const daySeconds = 24 * 3600;

/** The format of stored answers. Answers in other formats are queried again. */
const form = "place-answer/1";
const answerItem = z.object({
  form: z.literal(form),
  expires_at: z.number(),
  places: z.array(merchantFacts),
});

export interface PlaceAnswersOptions {
  readonly client: DynamoDBDocumentClient;
  readonly controlTable: string;
  readonly days: number;
  /** Returns epoch milliseconds. */
  readonly now: () => number;
}

/** A cache of a directory's answers by normalised query, so that each query is paid for once. */
export class PlaceAnswers {
  readonly #options: PlaceAnswersOptions;

  constructor(options: PlaceAnswersOptions) {
    this.#options = options;
  }

  /**
   * Returns the stored answer, or that of `ask`, which it stores. A claim prevents other processes from querying
   * meanwhile; the claim of a dead process expires. Throws PlaceQueryClaimedError and the errors of `ask`.
   */
  async get(key: string, ask: () => Promise<MerchantFacts[]>): Promise<readonly MerchantFacts[]> {
    const stored = await this.#stored(key);
    if (stored !== undefined) return stored;
    const holder = await this.#claim(key);
    if (holder === undefined) throw new PlaceQueryClaimedError(key, claimedSeconds);
    const places = await ask().catch(async (error: unknown) => {
      await this.#release(key, holder);
      throw error;
    });
    await this.#store(key, places);
    return places;
  }

  /** Compares the expiry time, because DynamoDB deletes expired items late. Ignores items in another format. */
  async #stored(key: string): Promise<readonly MerchantFacts[] | undefined> {
    const { client, controlTable, now } = this.#options;
    const { Item } = await client.send(
      new GetCommand({ TableName: controlTable, Key: itemKey(key), ConsistentRead: true }),
    );
    const parsed = answerItem.safeParse(Item);
    if (!parsed.success || parsed.data.expires_at * 1_000 <= now()) return undefined;
    return parsed.data.places;
  }

  /** Returns the id of the new claim; undefined if another process holds one. */
  async #claim(key: string): Promise<string | undefined> {
    const { client, controlTable, now } = this.#options;
    const holder = randomUUID();
    const seconds = Math.floor(now() / 1_000);
    const put = new PutCommand({
      TableName: controlTable,
      Item: {
        ...itemKey(key),
        form,
        holder,
        claimed_until: seconds + claimSeconds,
        expires_at: seconds + daySeconds,
      },
      // A claim has a holder, an answer does not. A fresh answer is not overwritten.
      ConditionExpression:
        "attribute_not_exists(PK) OR form <> :form OR claimed_until <= :now OR (attribute_not_exists(holder) AND expires_at <= :now)",
      ExpressionAttributeValues: { ":now": seconds, ":form": form },
    });
    return (await unlessConditionFailed(client.send(put))) && holder;
  }

  /** Ignores failures, because the claim expires. */
  async #release(key: string, holder: string): Promise<void> {
    const { client, controlTable } = this.#options;
    const release = new DeleteCommand({
      TableName: controlTable,
      Key: itemKey(key),
      ConditionExpression: "holder = :holder",
      ExpressionAttributeValues: { ":holder": holder },
    });
    await client.send(release).catch(() => undefined);
  }

  /** Unconditional, because any answer is as good as the last. */
  async #store(key: string, places: readonly MerchantFacts[]): Promise<void> {
    const { client, controlTable, days, now } = this.#options;
    const expires_at = Math.floor(now() / 1_000) + days * daySeconds;
    await client.send(
      new PutCommand({ TableName: controlTable, Item: { ...itemKey(key), form, places, expires_at } }),
    );
  }
}

function itemKey(key: string): { PK: string; SK: string } {
  return { PK: `PLACES#${key}`, SK: "ANSWER" };
}
