import {
  type EntityType,
  entityTypes,
  type IdsOf,
  keySegments,
  type SegmentName,
  type StoredIdsOf,
  watchedEntities,
} from "../../contract/watched-entities.ts";
import { imageId, receiptNumber } from "../receipts/rows.ts";

/** A parsed key of the receipts table. */
export type EntityKey = {
  [Type in EntityType]: { readonly type: Type; readonly imageId: string } & IdsOf<Type>;
}[EntityType];

/** The ids of a key by their stored names, as in change messages. */
export type StoredIds<Type extends EntityType> = { image_id: string } & StoredIdsOf<Type>;

const segmentNames = Object.keys(keySegments) as SegmentName[];

/** A number has five digits, or more without a leading zero, so that every number has one form. */
const values = { number: String.raw`(?:\d{5}|[1-9]\d{5,14})`, text: "[^#]+" } as const;

const patterns = Object.fromEntries(
  entityTypes.map((type) => [type, new RegExp(`^${watchedEntities[type].key.map(patternOf).join("#")}$`)]),
) as Readonly<Record<EntityType, RegExp>>;

function patternOf(name: SegmentName): string {
  const segment = keySegments[name];
  return segment === null ? name : `${name}#(?<${segment.id}>${values[segment.kind]})`;
}

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
    return { type, imageId: image, ...idsIn(type, parts) } as EntityKey;
  }
  return isOfOthers(sortKey) ? "of_others" : { unknown: `SK ${sortKey} matches no known key` };
}

/** Returns the image id of a partition key; undefined for another key. */
export function imageOfKey(partitionKey: string): string | undefined {
  if (!partitionKey.startsWith(imagePrefix)) return undefined;
  return imageId.safeParse(partitionKey.slice(imagePrefix.length)).data;
}

/** Returns the ids in the partition key of an unreadable item. */
export function idsOfPartition(partitionKey: string): { image_id: string | null; receipt_id: null } {
  const image = partitionKey.startsWith(imagePrefix) ? partitionKey.slice(imagePrefix.length) : null;
  return { image_id: image, receipt_id: null };
}

/** Returns the ids of a key by their stored names. */
export function storedIds<Type extends EntityType>(
  key: Extract<EntityKey, { readonly type: Type }>,
): StoredIds<Type> {
  const ids = key as unknown as Readonly<Record<string, string | number>>;
  const stored = segmentsOf(key.type).map((segment) => [segment.stored, ids[segment.id]]);
  return { image_id: key.imageId, ...Object.fromEntries(stored) };
}

/** Returns the segments of an entity's key that have a value. */
export function segmentsOf(type: EntityType) {
  return watchedEntities[type].key.flatMap((name: SegmentName) => keySegments[name] ?? []);
}

function idsIn(type: EntityType, parts: Readonly<Record<string, string | undefined>>) {
  return Object.fromEntries(
    segmentsOf(type).map(({ id, kind }) => [id, kind === "number" ? Number(parts[id]) : parts[id]]),
  );
}

/** The values of these segments are free text, so a lone name after one belongs to the value. */
const freeText: readonly string[] = segmentNames.filter((name) => keySegments[name]?.kind === "text");
const segmentName = /^[A-Za-z][A-Za-z0-9_.-]*$/;

/**
 * Whether a key consists of `NAME#value` segments (the last may be a lone name) and its last name is not one of ours.
 */
function isOfOthers(sortKey: string): boolean {
  const parts = sortKey.split("#");
  const names = parts.filter((_, position) => position % 2 === 0);
  const values = parts.filter((_, position) => position % 2 === 1);
  if (!names.every((name) => segmentName.test(name)) || values.includes("")) return false;
  const standsAlone = names.length > values.length;
  if (standsAlone && freeText.includes(names.at(-2) ?? "")) return false;
  return !segmentNames.some((name) => name === (names.at(-1) ?? "").toUpperCase());
}
