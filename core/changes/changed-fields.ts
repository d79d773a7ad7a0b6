import { isDeepStrictEqual } from "node:util";
import type { FieldChanges } from "../entities/change-message.ts";
import type { PlainItem } from "../entities/plain-item.ts";

/** The fields that differ between two images of an item, null standing for an absent item or field. */
export function changedFields(
  before: PlainItem | undefined,
  after: PlainItem | undefined,
  fields: readonly string[],
): FieldChanges {
  const changes: FieldChanges = {};
  for (const field of fields) {
    const change = { old: before?.[field] ?? null, new: after?.[field] ?? null };
    if (!isDeepStrictEqual(change.old, change.new)) changes[field] = change;
  }
  return changes;
}
