import { BatchGetItemCommand, type DynamoDBClient, paginateQuery } from "@aws-sdk/client-dynamodb";
import { type Collection, collections } from "../../contract/collections.ts";
import {
  holdsReceiptFacts,
  isFor,
  keySegments,
  type ReceiptFactType,
  typesWithFields,
  watchedEntities,
} from "../../contract/watched-entities.ts";
import { type Log, receiptFields } from "../log.ts";
import { fiveDigits, type ReceiptRef } from "../receipts/receipt.ts";
import type { ReceiptPart } from "../receipts/vector-ids.ts";
import { wordVectorId } from "../receipts/vector-ids.ts";
import type { Clock } from "../resilience/clock.ts";
import { sendAll } from "../resilience/unprocessed.ts";
import { isEntityKey, parseEntityKey } from "./entity-key.ts";
import { type FactFields, type ItemReading, readFactsItem, readLabelItem } from "./known-items.ts";
import { type PlainItem, plainItem } from "./plain-item.ts";
import type { ReceiptFacts } from "./receipt-facts.ts";
import { isAsResolved, shownMerchant } from "./shown-merchant.ts";

const keysPerCall = 100;
const known = new Set([
  "PK",
  "SK",
  "reasoning",
  ...typesWithFields.flatMap((type) => watchedEntities[type].fields),
]);
const names = Object.fromEntries(Array.from(known, (name, index) => [`#${index}`, name]));

/** The range of sort keys under a receipt that contains all items whose fields a collection's vectors have. */
const ranges = Object.fromEntries(
  collections.map((collection) => [collection, rangeOf(collection)]),
) as Record<Collection, { readonly first: string; readonly last: string }>;

function rangeOf(collection: Collection) {
  const shown = typesWithFields.filter((type) => isFor(collection, type));
  const starts = shown.map((type) => {
    const [, name] = watchedEntities[type].key;
    return keySegments[name] === null ? { first: name, last: name } : { first: `${name}#`, last: `${name}$` };
  });
  const sorted = (keys: readonly string[]) => [...keys].sort();
  return {
    first: sorted(starts.map(({ first }) => first))[0] ?? "",
    last: sorted(starts.map(({ last }) => last)).at(-1) ?? "",
  };
}

export interface CurrentItemsOptions {
  readonly client: DynamoDBClient;
  readonly receiptsTable: string;
  readonly log: Log;
  readonly clock: Clock;
}

/** Reads the current items of the receipts table: the facts that change messages only point to. */
export class CurrentItems {
  readonly #options: CurrentItemsOptions;

  constructor(options: CurrentItemsOptions) {
    this.#options = options;
  }

  /**
   * Returns the facts of a receipt with one query, whatever has changed. Ignores and logs an item that does not match
   * its schema; its stream record is in the rejected queue.
   */
  async factsOf(receipt: ReceiptRef, collection: Collection): Promise<ReceiptFacts> {
    const facts: { [Type in ReceiptFactType]?: FactFields } = {};
    let isAsFound = false;
    const labels = new Map<string, Map<string, string | undefined>>();
    for await (const item of this.#known(receipt, collection)) {
      const key = parseEntityKey(String(item.PK), String(item.SK));
      if (!isEntityKey(key)) continue;
      if (holdsReceiptFacts(key.type)) {
        const read = readFactsItem(key.type, item);
        if (!this.#isReadable(read, key, item)) continue;
        facts[key.type] = read.value;
        if (key.type === "RECEIPT_PLACE") isAsFound = isAsResolved(item.reasoning, read.value);
      }
      if (key.type === "RECEIPT_WORD_LABEL") {
        const read = readLabelItem(item, key.label);
        const word = wordVectorId({
          image_id: key.imageId,
          receipt_id: key.receiptId,
          line_id: key.lineId,
          word_id: key.wordId,
        });
        if (!this.#isReadable(read, key, item)) continue;
        labels.set(word, (labels.get(word) ?? new Map()).set(key.label, read.value));
      }
    }
    return { fields: shownMerchant(facts, isAsFound), labels };
  }

  /** Returns those of the parts, or the receipt, whose items exist. */
  async existing<Part extends ReceiptPart | "DOCUMENT">(
    receipt: ReceiptRef,
    parts: readonly Part[],
  ): Promise<Set<Part>> {
    const stem = `RECEIPT#${fiveDigits(receipt.receiptId)}`;
    const sortKeyOf = (part: Part) => (part === "DOCUMENT" ? stem : `${stem}#${part}`);
    const found = await this.#existingKeys(receipt, parts.map(sortKeyOf));
    return new Set(parts.filter((part) => found.has(sortKeyOf(part))));
  }

  async #existingKeys({ imageId }: ReceiptRef, sortKeys: readonly string[]): Promise<Set<string>> {
    const { client, receiptsTable, clock } = this.#options;
    const found = new Set<string>();
    const keys = [...new Set(sortKeys)].map((SK) => ({ PK: { S: `IMAGE#${imageId}` }, SK: { S: SK } }));
    const send = async (asked: readonly (typeof keys)[number][]) => {
      const request = { Keys: [...asked], ProjectionExpression: "SK", ConsistentRead: true };
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetItemCommand({ RequestItems: { [receiptsTable]: request } }),
      );
      for (const { SK } of Responses?.[receiptsTable] ?? []) if (SK?.S !== undefined) found.add(SK.S);
      return (UnprocessedKeys?.[receiptsTable]?.Keys ?? []) as typeof keys;
    };
    await sendAll(keys, { perCall: keysPerCall, send, clock });
    return found;
  }

  /** Yields the items whose fields the collection's vectors have. */
  async *#known({ imageId, receiptId }: ReceiptRef, collection: Collection): AsyncGenerator<PlainItem> {
    const { client, receiptsTable } = this.#options;
    const stem = `RECEIPT#${fiveDigits(receiptId)}`;
    const { first, last } = ranges[collection];
    const pages = paginateQuery(
      { client },
      {
        TableName: receiptsTable,
        KeyConditionExpression: "#0 = :image AND #1 BETWEEN :first AND :last",
        ProjectionExpression: Object.keys(names).join(", "),
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: {
          ":image": { S: `IMAGE#${imageId}` },
          ":first": { S: `${stem}#${first}` },
          ":last": { S: `${stem}#${last}` },
        },
        ConsistentRead: true,
      },
    );
    for await (const { Items = [] } of pages) yield* Items.map(plainItem);
  }

  #isReadable<T>(read: ItemReading<T>, receipt: ReceiptRef, { PK, SK }: PlainItem): read is { value: T } {
    const { log } = this.#options;
    const fields = { ...receiptFields(receipt), pk: PK, sk: SK };
    if ("value" in read) {
      if (read.clipped) {
        log.warn("Fields of an item are too long for a vector's metadata and were truncated", {
          ...fields,
          truncated_fields: read.clipped,
        });
      }
      return true;
    }
    log.warn("An item does not match its schema and is ignored", { ...fields, problems: read.problems });
    return false;
  }
}
