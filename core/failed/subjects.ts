import type { EntityType } from "../../contract/watched-entities.ts";
import { streamRecordKeys } from "../changes/stream-record.ts";
import type { ChangeMessageBody } from "../entities/change-message.ts";
import { isEntityKey, parseEntityKey } from "../entities/entity-key.ts";
import type { ReceiptRef } from "../receipts/receipt.ts";
import type { Subject } from "./failed-source.ts";

export const unknownSubject: Subject = { image_id: null, receipt_id: null, entity: "unknown" };

export interface RecordKey {
  readonly PK: string;
  readonly SK: string;
}

/** The item key of a stream record; undefined if it has none. */
export function keyOfRecord(record: unknown): RecordKey | undefined {
  const parsed = streamRecordKeys.safeParse(record);
  if (!parsed.success) return undefined;
  const { PK, SK } = parsed.data.dynamodb.Keys;
  return { PK: PK.S, SK: SK.S };
}

/** The subject of a stream record. */
export function subjectOfRecord(record: unknown): Subject {
  const at = keyOfRecord(record);
  if (at === undefined) return unknownSubject;
  const key = parseEntityKey(at.PK, at.SK);
  if (!isEntityKey(key)) {
    const image_id = at.PK.startsWith("IMAGE#") ? at.PK.slice("IMAGE#".length) : null;
    return { image_id, receipt_id: null, entity: at.SK };
  }
  const { type, imageId, receiptId } = key;
  return { image_id: imageId, receipt_id: receiptId, entity: entityText(type, key) };
}

/** The subject of a change message. */
export function subjectOfChange({ entity_type, entity_data }: ChangeMessageBody): Subject {
  const { image_id, receipt_id } = entity_data;
  const parts = {
    lineId: "line_id" in entity_data ? entity_data.line_id : undefined,
    wordId: "word_id" in entity_data ? entity_data.word_id : undefined,
    label: "label" in entity_data ? entity_data.label : undefined,
    runId: "run_id" in entity_data ? entity_data.run_id : undefined,
  };
  return { image_id, receipt_id, entity: entityText(entity_type, parts) };
}

/** Ids in keys and messages besides the type. */
interface Parts extends Partial<ReceiptRef> {
  readonly lineId?: number | undefined;
  readonly wordId?: number | undefined;
  readonly label?: string | undefined;
  readonly runId?: string | undefined;
}

function entityText(type: EntityType, { lineId, wordId, label, runId }: Parts): string {
  return [
    type,
    ...(lineId === undefined ? [] : [`line ${lineId}`]),
    ...(wordId === undefined ? [] : [`word ${wordId}`]),
    ...(label === undefined ? [] : [label]),
    ...(runId === undefined ? [] : [runId]),
  ].join(" ");
}
