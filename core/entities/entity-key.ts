import type { ReceiptRef } from "../receipts/receipt.ts";
import { imageId, receiptNumber } from "../receipts/rows.ts";

export const entityTypes = [
  "COMPACTION_RUN",
  "RECEIPT_METADATA",
  "RECEIPT_WORD_LABEL",
  "RECEIPT",
  "RECEIPT_LINE",
  "RECEIPT_WORD",
] as const;

export type EntityType = (typeof entityTypes)[number];

/** A parsed key of the receipts table. */
export type EntityKey = ReceiptRef &
  (
    | { readonly type: "COMPACTION_RUN"; readonly runId: string }
    | { readonly type: "RECEIPT_METADATA" | "RECEIPT" }
    | { readonly type: "RECEIPT_LINE"; readonly lineId: number }
    | { readonly type: "RECEIPT_WORD"; readonly lineId: number; readonly wordId: number }
    | {
        readonly type: "RECEIPT_WORD_LABEL";
        readonly lineId: number;
        readonly wordId: number;
        readonly label: string;
      }
  );

/** Five digits, or more without a leading zero, so that every number has one form. */
const number = String.raw`(?:\d{5}|[1-9]\d{5,14})`;
const receipt = `RECEIPT#(?<receiptId>${number})`;
const line = `${receipt}#LINE#(?<lineId>${number})`;
const word = `${line}#WORD#(?<wordId>${number})`;

const patterns: Readonly<Record<EntityType, RegExp>> = {
  COMPACTION_RUN: new RegExp(`^${receipt}#COMPACTION_RUN#(?<runId>[^#]+)$`),
  RECEIPT_METADATA: new RegExp(`^${receipt}#METADATA$`),
  RECEIPT_WORD_LABEL: new RegExp(`^${word}#LABEL#(?<label>[^#]+)$`),
  RECEIPT: new RegExp(`^${receipt}$`),
  RECEIPT_LINE: new RegExp(`^${line}$`),
  RECEIPT_WORD: new RegExp(`^${word}$`),
};

/**
 * `other`: not a key under a receipt. `of_others`: a well-formed key under a receipt of another application that shares
 * the table (F27). `unknown`, with the reason: a key with one of our names that matches no pattern.
 */
export type ParsedKey = EntityKey | "other" | "of_others" | { readonly unknown: string };

export function isEntityKey(key: ParsedKey): key is EntityKey {
  return typeof key === "object" && "type" in key;
}

const imagePrefix = "IMAGE#";

/** Matches whole keys, case-sensitively. */
export function parseEntityKey(partitionKey: string, sortKey: string): ParsedKey {
  if (!partitionKey.startsWith(imagePrefix) || !sortKey.startsWith("RECEIPT#")) return "other";
  const image = imageOfKey(partitionKey);
  if (image === undefined) return { unknown: `PK ${partitionKey} does not name an image by its UUID` };
  for (const type of entityTypes) {
    const parts = patterns[type].exec(sortKey)?.groups;
    if (!parts) continue;
    const receiptId = receiptNumber.safeParse(Number(parts.receiptId));
    if (!receiptId.success) return { unknown: `SK ${sortKey} has no receipt number from 1` };
    return entityKey(type, { imageId: image, receiptId: receiptId.data }, parts);
  }
  return isOfOthers(sortKey) ? "of_others" : { unknown: `SK ${sortKey} matches no known key` };
}

/** The id of the image that a partition key names; undefined for another key. */
export function imageOfKey(partitionKey: string): string | undefined {
  if (!partitionKey.startsWith(imagePrefix)) return undefined;
  return imageId.safeParse(partitionKey.slice(imagePrefix.length)).data;
}

const ownNames = ["RECEIPT", "LINE", "WORD", "LABEL", "METADATA", "COMPACTION_RUN"];
/** Their values are free text, so a lone name after one belongs to the value. */
const freeText = ["LABEL", "COMPACTION_RUN"];
const segmentName = /^[A-Za-z][A-Za-z0-9_.-]*$/;

/** Whether a key consists of `NAME#value` segments (the last may be a lone name) and its last name is not ours. */
function isOfOthers(sortKey: string): boolean {
  const parts = sortKey.split("#");
  const names = parts.filter((_, position) => position % 2 === 0);
  const values = parts.filter((_, position) => position % 2 === 1);
  if (!names.every((name) => segmentName.test(name)) || values.includes("")) return false;
  const standsAlone = names.length > values.length;
  if (standsAlone && freeText.includes(names.at(-2) ?? "")) return false;
  return !ownNames.includes((names.at(-1) ?? "").toUpperCase());
}

function entityKey(type: EntityType, ref: ReceiptRef, parts: Record<string, string | undefined>): EntityKey {
  const { runId = "", label = "" } = parts;
  const [lineId, wordId] = [Number(parts.lineId), Number(parts.wordId)];
  switch (type) {
    case "COMPACTION_RUN":
      return { type, ...ref, runId };
    case "RECEIPT_WORD_LABEL":
      return { type, ...ref, lineId, wordId, label };
    case "RECEIPT_WORD":
      return { type, ...ref, lineId, wordId };
    case "RECEIPT_LINE":
      return { type, ...ref, lineId };
    default:
      return { type, ...ref };
  }
}
