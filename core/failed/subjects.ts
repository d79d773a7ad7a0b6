import type { EntityType } from "../../contract/watched-entities.ts";
import { streamRecordKeys } from "../changes/stream-record.ts";
import { type DocumentRef, documentModel } from "../documents/documents.ts";
import type { ChangeMessageBody } from "../entities/change-message.ts";
import { idsOfPartition, isEntityKey, parseEntityKey } from "../entities/entity-key.ts";
import type { Subject } from "./failed-source.ts";
import { idsIn, unknownIds } from "./subject-ids.ts";

export const unknownSubject: Subject = { ...unknownIds, entity: "unknown" };

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
    return { ...idsOfPartition(at.PK), entity: at.SK };
  }
  return { ...documentModel.toStored(key), entity: entityText(key.type, key) };
}

/** The subject of a change message. */
export function subjectOfChange({ entity_type, entity_data }: ChangeMessageBody): Subject {
  const parts = {
    lineId: "line_id" in entity_data ? entity_data.line_id : undefined,
    wordId: "word_id" in entity_data ? entity_data.word_id : undefined,
    label: "label" in entity_data ? entity_data.label : undefined,
    runId: "run_id" in entity_data ? entity_data.run_id : undefined,
  };
  return { ...idsIn(entity_data), entity: entityText(entity_type, parts) };
}

/** Ids in keys and messages besides the type. */
interface Parts extends Partial<DocumentRef> {
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
