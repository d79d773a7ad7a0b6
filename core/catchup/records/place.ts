import type { FailureReason } from "./failed-record.ts";

export interface PlaceRules {
  readonly questionId: string;
  /** The namespace of records without a record_type. */
  readonly namespace: string;
}

/** The id and namespace of a row's vector. Rows with the same place replace one another. */
export interface Place {
  /** `{question_id}.{id}` */
  readonly id: string;
  readonly namespace: string;
}

export interface PlaceProblem {
  readonly reason: FailureReason;
  readonly detail: string;
}

/** Pinecone's limit for an id, in characters. */
const maxIdLength = 512;
const printableAscii = /^[ -~]+$/;
const namespaceForm = /^[!-"$-~]{1,200}$/;

export function placeOf(id: string, recordType: string, rules: PlaceRules): Place | PlaceProblem {
  const ownId = id.trim();
  if (ownId === "") return { reason: "id_blank", detail: "The column id is empty." };
  const place = { id: `${rules.questionId}.${ownId}`, namespace: recordType.trim() || rules.namespace };
  if (place.id.length > maxIdLength || !printableAscii.test(place.id)) {
    return {
      reason: "id_unfit",
      detail: `A vector's id has 1 to ${maxIdLength} printable ASCII characters.`,
    };
  }
  if (namespaceForm.test(place.namespace)) return place;
  return {
    reason: "namespace_unfit",
    detail: `record_type ${JSON.stringify(place.namespace)} cannot be a namespace.`,
  };
}
