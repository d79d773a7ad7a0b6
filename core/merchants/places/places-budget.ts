import { type DynamoDBDocumentClient, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { unlessConditionFailed } from "../../conditional-write.ts";
import { MerchantBudgetSpentError } from "./places-errors.ts";

const daySeconds = 24 * 3600;
const keptDays = 32;
const microUsd = 1_000_000;

export interface PlacesBudgetOptions {
  readonly client: DynamoDBDocumentClient;
  readonly controlTable: string;
  /** 0 means no limit. */
  readonly usdPerDay: number;
  /** The price of the details of one place. */
  readonly usdPerPlace: number;
  /** Returns epoch milliseconds. */
  readonly now: () => number;
}

/** The daily budget (UTC) for places, shared by all processes of a stack. */
export class PlacesBudget {
  readonly #options: PlacesBudgetOptions;

  constructor(options: PlacesBudgetOptions) {
    this.#options = options;
  }

  /**
   * Books one place before the request, so that a crash never leaves a paid request unbooked. One conditional update
   * ensures that concurrent processes do not exceed the budget. Throws MerchantBudgetSpentError.
   */
  async book(): Promise<void> {
    const { client, controlTable, usdPerDay, usdPerPlace, now } = this.#options;
    const seconds = Math.floor(now() / 1_000);
    const price = Math.round(usdPerPlace * microUsd);
    const update = new UpdateCommand({
      TableName: controlTable,
      Key: { PK: "PLACES#SPENDING", SK: new Date(now()).toISOString().slice(0, 10) },
      UpdateExpression: "SET expires_at = :expiry ADD micro_usd :price, places :one",
      ExpressionAttributeValues: {
        ":expiry": seconds + keptDays * daySeconds,
        ":price": price,
        ":one": 1,
        ...(usdPerDay > 0 && { ":left": Math.round(usdPerDay * microUsd) - price }),
      },
      ...(usdPerDay > 0 && { ConditionExpression: "attribute_not_exists(micro_usd) OR micro_usd <= :left" }),
    });
    if (await unlessConditionFailed(client.send(update))) return;
    throw new MerchantBudgetSpentError(usdPerDay, daySeconds - (seconds % daySeconds));
  }
}
