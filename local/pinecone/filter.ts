import { badRequest } from "./api-error.ts";
import type { Metadata, MetadataValue } from "./metadata.ts";

/** Whether a record's metadata fits a filter. */
export type Predicate = (metadata: Metadata) => boolean;

type Test = (value: MetadataValue | undefined) => boolean;

const operators: Readonly<Record<string, (wanted: unknown) => Test>> = {
  $eq: (wanted) => (value) => holds(value, wanted),
  $ne: (wanted) => (value) => !holds(value, wanted),
  $gt: (wanted) => compare(wanted, (value, limit) => value > limit),
  $gte: (wanted) => compare(wanted, (value, limit) => value >= limit),
  $lt: (wanted) => compare(wanted, (value, limit) => value < limit),
  $lte: (wanted) => compare(wanted, (value, limit) => value <= limit),
  $in: (wanted) => {
    const all = listOf(wanted, "$in");
    return (value) => all.some((one) => holds(value, one));
  },
  $nin: (wanted) => {
    const all = listOf(wanted, "$nin");
    return (value) => !all.some((one) => holds(value, one));
  },
  $exists: (wanted) => (value) => (value !== undefined) === wanted,
};

/** Parses a filter of Pinecone's query language. Throws ApiError for an invalid one. */
export function readFilter(filter: unknown): Predicate {
  if (typeof filter !== "object" || filter === null || Array.isArray(filter)) {
    throw badRequest("The filter must be an object");
  }
  const parts = Object.entries(filter).map(([key, wanted]) => {
    if (key === "$and") return every(listOf(wanted, key).map(readFilter));
    if (key === "$or") return some(listOf(wanted, key).map(readFilter));
    if (key.startsWith("$")) throw badRequest(`${key} is not a valid operator`);
    const test = readTest(wanted);
    return (metadata: Metadata) => test(metadata[key]);
  });
  return every(parts);
}

/** `{"$in": [...]}`, or a value as it should be. */
function readTest(wanted: unknown): Test {
  if (typeof wanted !== "object" || wanted === null) return (value) => holds(value, wanted);
  const tests = Object.entries(wanted).map(([operator, operand]) => {
    const make = operators[operator];
    if (make === undefined) throw badRequest(`${operator} is not a valid operator`);
    return make(operand);
  });
  return (value) => tests.every((test) => test(value));
}

/** A list matches if one of its elements does. */
function holds(value: MetadataValue | undefined, wanted: unknown): boolean {
  return Array.isArray(value) ? value.includes(wanted) : value === wanted;
}

function compare(wanted: unknown, fits: (value: number, limit: number) => boolean): Test {
  if (typeof wanted !== "number") throw badRequest("Values are compared with numbers only");
  return (value) => typeof value === "number" && fits(value, wanted);
}

function listOf(wanted: unknown, operator: string): unknown[] {
  if (!Array.isArray(wanted)) throw badRequest(`${operator} needs a list`);
  return wanted;
}

function every(predicates: readonly Predicate[]): Predicate {
  return (metadata) => predicates.every((fits) => fits(metadata));
}

function some(predicates: readonly Predicate[]): Predicate {
  return (metadata) => predicates.some((fits) => fits(metadata));
}
