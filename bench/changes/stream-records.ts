import { marshall } from "@aws-sdk/util-dynamodb";
import type { Collection } from "../../contract/collections.ts";
import { deltaPrefix } from "../../core/deltas/keys.ts";
import { fiveDigits } from "../../core/receipts/receipt.ts";
import { type LabelItem, labelChanges } from "./label-changes.ts";
import { wordReceipts } from "./word-receipts.ts";

export const recordsPerBatch = 100;

const epochSeconds = 1_790_000_000;
const digitsOfSequence = 21;

type Item = Readonly<Record<string, unknown>>;

/** Of an item of the receipts table: new without `before`, removed without `after`. */
interface Write {
  readonly before?: Item;
  readonly after?: Item;
}

/**
 * What the records of a batch are about, by turns. Six of twenty say nothing to the collections, and only the processor
 * can tell: the mapping's filter lets them by.
 */
const kinds: readonly ((label: LabelItem) => Write)[] = [
  (label) => ({ after: run(label) }),
  (label) => ({ after: metadata(label) }),
  newLabel,
  newLabel,
  (label) => ({ before: edited(label, "validation_status"), after: label }),
  newLabel,
  (label) => ({ before: edited(metadata(label), "merchant_name"), after: metadata(label) }),
  newWord,
  newLabel,
  (label) => ({ before: edited(metadata(label), "validated_by"), after: metadata(label) }),
  newLabel,
  (label) => ({ before: edited(label, "reasoning"), after: label }),
  newWord,
  newLabel,
  (label) => ({ before: edited(label, "timestamp_added"), after: label }),
  (label) => ({ before: label }),
  newWord,
  newLabel,
  (label) => ({ before: edited(label, "validation_status"), after: label }),
  newWord,
];

/** `count` different batches, each as the event of an invocation holds it: parsed from JSON. */
export function streamBatches(count: number): unknown[][] {
  const total = count * recordsPerBatch;
  const records = labelChanges(wordReceipts(total), total).map(({ item }, number) => {
    const kind = kinds[number % kinds.length] ?? newLabel;
    return streamRecord(kind(item), number);
  });
  return Array.from({ length: count }, (_, batch) =>
    JSON.parse(JSON.stringify(records.slice(batch * recordsPerBatch, (batch + 1) * recordsPerBatch))),
  );
}

function streamRecord({ before, after }: Write, number: number) {
  const { PK, SK } = after ?? before ?? {};
  return {
    eventID: number.toString(16).padStart(32, "0"),
    eventName: before && after ? "MODIFY" : before ? "REMOVE" : "INSERT",
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: "us-east-1",
    dynamodb: {
      ApproximateCreationDateTime: epochSeconds,
      Keys: marshall({ PK, SK }),
      ...(after && { NewImage: marshall(after) }),
      ...(before && { OldImage: marshall(before) }),
      SequenceNumber: String(number).padStart(digitsOfSequence, "1"),
      StreamViewType: "NEW_AND_OLD_IMAGES",
    },
  };
}

function newLabel(label: LabelItem): Write {
  return { after: label };
}

function newWord({ PK, SK, image_id, receipt_id, line_id, word_id }: LabelItem): Write {
  const [word] = SK.split("#LABEL#");
  const place = { x: 0.25, y: 0.5, width: 0.1, height: 0.02, confidence: 0.98 };
  return {
    after: {
      PK,
      SK: word,
      TYPE: "RECEIPT_WORD",
      image_id,
      receipt_id,
      line_id,
      word_id,
      text: "bread",
      ...place,
    },
  };
}

function edited(item: Item, field: string): Item {
  return { ...item, [field]: "what it was before" };
}

function metadata({ PK, image_id, receipt_id }: LabelItem): Item {
  return {
    PK,
    SK: `RECEIPT#${fiveDigits(receipt_id)}#METADATA`,
    TYPE: "RECEIPT_METADATA",
    image_id,
    receipt_id,
    merchant_name: "Corner Shop #12",
    canonical_merchant_name: "Corner Shop",
    merchant_category: "grocery_or_supermarket",
    address: "12 Long Street, Springfield",
    phone_number: "+1 555 0100",
    place_id: `place-${image_id}`,
    matched_fields: ["name", "address"],
    validated_by: "places",
    reasoning: "The name and the address match one place.",
  };
}

function run({ PK, image_id, receipt_id }: LabelItem): Item {
  const run_id = "0123456789abcdef0123456789abcdef";
  const prefix = (collection: Collection) =>
    deltaPrefix({ collection, imageId: image_id, receiptId: receipt_id, runId: run_id });
  return {
    PK,
    SK: `RECEIPT#${fiveDigits(receipt_id)}#COMPACTION_RUN#${run_id}`,
    TYPE: "COMPACTION_RUN",
    image_id,
    receipt_id,
    run_id,
    attempts: 1,
    rejected_rows: 0,
    lines_delta_prefix: prefix("lines"),
    words_delta_prefix: prefix("words"),
    lines_state: "PENDING",
    words_state: "PENDING",
    lines_token: 0,
    words_token: 0,
    lines_failures: 0,
    words_failures: 0,
    created_at: "2026-11-22T05:00:00.000Z",
    updated_at: "2026-11-22T05:00:00.000Z",
  };
}
