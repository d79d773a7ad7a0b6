import * as z from "zod";
import type { Collection } from "../../contract/collections.ts";
import {
  fiveDigits,
  type ReceiptRef,
  receiptKey,
  receiptOfKey,
  receiptOfVector,
} from "../receipts/receipt.ts";
import { imageId, receiptNumber } from "../receipts/rows.ts";
import { partsOfVector, type ReceiptPart } from "../receipts/vector-ids.ts";
import { isKnownKey, metadataType } from "../receipts/vector-metadata.ts";
import { problems } from "../text/problems.ts";
import { changeMessageBody, isRemoval, type RemovalBody, receiptOf } from "./change-message.ts";
import { knownMetadata, type ReceiptFacts } from "./receipt-facts.ts";
import { isLookAgain, lookAgainMessage, runMessage } from "./run-message.ts";

export type { ReceiptPart } from "../receipts/vector-ids.ts";
export type { ReceiptFacts } from "./receipt-facts.ts";
export type ReceiptDocument = ReceiptRef;

export interface StoredReceipt {
  image_id: string;
  receipt_id: number;
}

const storedShape = { image_id: z.string(), receipt_id: z.int() };
const validIds = z.object({ image_id: imageId, receipt_id: receiptNumber });

/** Statuses by label. Zod's record would lose a label called `__proto__`. */
const statuses = z.custom<Readonly<Record<string, string | null>>>(
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((status) => status === null || typeof status === "string"),
  "must be statuses by label",
);
const factsShape = {
  merchant: z.record(z.string(), z.string()),
  /** Keyed by the part of a word's vector id after the receipt. */
  labels: z.record(z.string(), statuses),
};
const storedFacts = z.object(factsShape);

const part = z.templateLiteral(["LINE#", z.string()]) as unknown as z.ZodType<ReceiptPart>;

/** DynamoDB rounds the time of a stream record down to the second, so the removal may be up to this much later. */
const roundedMs = 999;

/** Receipts as the documents of the collections `lines` and `words`. */
export const receiptDocuments = {
  noun: "receipt",
  shardNoun: "image",
  storedShape,
  toStored,
  ofStored,
  refOf: (receipt: ReceiptRef): ReceiptRef => ofStored(toStored(receipt)),
  namedIn: (value: unknown): ReceiptRef | undefined => {
    const { data } = validIds.safeParse(value);
    return data && ofStored(data);
  },
  keyOf: receiptKey,
  ofKey: receiptOfKey,
  keyOfVector: receiptOfVector,
  /** All receipts of an image are in one shard. */
  shardKeyOf: (receipt: ReceiptRef) => receipt.imageId,
  filterOf: (receipt: ReceiptRef) => ({ key: "image_id", value: receipt.imageId }),
  controlKeyOf: (receipt: ReceiptRef) => `RECEIPT#${receipt.imageId}#${fiveDigits(receipt.receiptId)}`,
  ofControlKey: (partitionKey: string) => named(/^RECEIPT#([^#]+)#(\d+)$/.exec(partitionKey)),
  itemKeyOf: (receipt: ReceiptRef) => ({
    PK: `IMAGE#${receipt.imageId}`,
    SK: `RECEIPT#${fiveDigits(receipt.receiptId)}`,
  }),
  folderOf: (receipt: ReceiptRef) =>
    imageId.safeParse(receipt.imageId).success
      ? `${receipt.imageId}/receipt-${fiveDigits(receipt.receiptId)}`
      : undefined,
  ofFolder: (folder: string) => named(/^([^/]+)\/receipt-(\d+)$/.exec(folder)),
  part,
  partsOfVector,
  /** Lines have no vectors of words. */
  isPartIn: (collection: Collection, of: ReceiptPart) => collection === "words" || !of.includes("#WORD#"),
  metadataOf: knownMetadata,
  isFactKey: isKnownKey,
  metadataType,
  factsShape,
  factsToStored,
  factsOfStored,
  canonicalFacts,
  runMessage,
  lookAgainMessage,
  readMessage,
};

function toStored({ imageId: image_id, receiptId: receipt_id }: ReceiptRef): StoredReceipt {
  return { image_id, receipt_id };
}

function ofStored({ image_id, receipt_id }: StoredReceipt): ReceiptRef {
  return { imageId: image_id, receiptId: receipt_id };
}

function named(match: RegExpExecArray | null): ReceiptRef | undefined {
  const [, image, receipt] = match ?? [];
  return image === undefined ? undefined : { imageId: image, receiptId: Number(receipt) };
}

function factsToStored(receipt: ReceiptRef, facts: ReceiptFacts): z.infer<typeof storedFacts> {
  const start = stemOf(receipt).length;
  return {
    merchant: { ...facts.fields },
    labels: Object.fromEntries(
      Array.from(facts.labels, ([id, byName]) => [
        id.slice(start),
        Object.fromEntries(Array.from(byName, ([name, status]) => [name, status ?? null])),
      ]),
    ),
  };
}

function factsOfStored(receipt: ReceiptRef, stored: Readonly<Record<string, unknown>>): ReceiptFacts {
  const { merchant, labels } = stored as z.infer<typeof storedFacts>;
  const stem = stemOf(receipt);
  return {
    fields: merchant,
    labels: new Map(
      Object.entries(labels).map(([id, byName]) => [
        stem + id,
        new Map(Object.entries(byName).map(([name, status]) => [name, status ?? undefined])),
      ]),
    ),
  };
}

function canonicalFacts({ fields, labels }: ReceiptFacts): readonly unknown[] {
  const byWord = [...labels].map(([id, byName]) => [
    id,
    [...byName].map(([name, status]) => [name, status ?? null]).sort(byFirst),
  ]);
  return [Object.entries(fields).sort(byFirst), byWord.sort(byFirst)];
}

function byFirst([one]: readonly unknown[], [other]: readonly unknown[]): number {
  return String(one) < String(other) ? -1 : 1;
}

function stemOf(receipt: ReceiptRef): string {
  return `${receiptKey(receipt)}#`;
}

function readMessage(text: string) {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `the body is not JSON (${(error as Error).message})`;
  }
  const parsed = changeMessageBody.safeParse(value);
  if (!parsed.success) return problems(parsed.error).join("; ");
  const body = parsed.data;
  const document = receiptOf(body);
  const { traceparent } = body;
  if (body.entity_type === "COMPACTION_RUN") {
    const { run_id: runId, delta_prefix: deltaPrefix } = body.entity_data;
    return { document, run: { runId, deltaPrefix }, isLookAgain: false, traceparent };
  }
  if (isRemoval(body)) {
    const removed = { part: removedPart(body), at: Date.parse(body.timestamp) + roundedMs };
    return { document, removed, isLookAgain: false, traceparent };
  }
  return { document, isLookAgain: isLookAgain(body), traceparent };
}

function removedPart(body: RemovalBody): ReceiptPart | "DOCUMENT" {
  if (body.entity_type === "RECEIPT") return "DOCUMENT";
  const line: ReceiptPart = `LINE#${fiveDigits(body.entity_data.line_id)}`;
  return body.entity_type === "RECEIPT_LINE" ? line : `${line}#WORD#${fiveDigits(body.entity_data.word_id)}`;
}
