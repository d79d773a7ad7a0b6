import { AwsError } from "../../protocol/service.ts";

export type Entry = Readonly<Record<string, unknown>>;

const maxEntries = 10;
const idForm = /^[A-Za-z0-9_-]{1,80}$/;

/** The entries of a batch. Throws AwsError for a batch that AWS refuses as a whole. */
export function readEntries(action: string, raw: unknown): readonly Entry[] {
  const entries = Array.isArray(raw) ? (raw as readonly Entry[]) : [];
  if (entries.length === 0) {
    throw refusal("EmptyBatchRequest", `There should be at least one ${action}RequestEntry in the request.`);
  }
  if (entries.length > maxEntries) {
    throw refusal(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are ${maxEntries}. You have sent ${entries.length}.`,
    );
  }
  const seen = new Set<string>();
  for (const { Id: id } of entries) {
    if (typeof id !== "string" || !idForm.test(id)) {
      throw refusal(
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
      );
    }
    if (seen.has(id)) throw refusal("BatchEntryIdsNotDistinct", `Id ${id} repeated.`);
    seen.add(id);
  }
  return entries;
}

/** Does each entry for itself: one that fails is listed and keeps no other back. */
export function eachEntry(
  entries: readonly Entry[],
  perform: (entry: Entry) => void,
): Record<string, unknown> {
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries) {
    try {
      perform(entry);
      Successful.push({ Id: entry.Id });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id: entry.Id, SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return { Successful, Failed };
}

function refusal(code: string, message: string): AwsError {
  return new AwsError(400, code, message);
}
