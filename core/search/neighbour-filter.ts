import type { MetadataTerm } from "../collections/chroma/vector-store.ts";
import type { VectorMetadata } from "../deltas/delta.ts";
import { labelKey } from "../receipts/vector-metadata.ts";
import { type Candidate, holds } from "./filter/holds.ts";
import type { SearchRequest } from "./search-request.ts";

/** A merchant's name as one receipt has it, and the name under which all its spellings are known. */
const merchantNames = ["merchant_name", "canonical_merchant_name"] as const;

/** Whether a vector has what a term asks for. */
export function holdsFor({ anyOf, equals }: MetadataTerm, metadata: VectorMetadata): boolean {
  return anyOf.some((key) => Object.hasOwn(metadata, key) && metadata[key] === equals);
}

/** What a vector must have to be a hit: all that the request asks for. */
export function neighbourFilter({ filter, merchant, label }: SearchRequest): MetadataTerm[] {
  const terms = Object.entries(filter).map(([key, value]): MetadataTerm => ({ anyOf: [key], equals: value }));
  if (merchant !== undefined) terms.push({ anyOf: merchantNames, equals: merchant });
  if (label !== undefined) terms.push({ anyOf: [labelKey(label)], equals: true });
  return terms;
}

export interface HitFilter {
  readonly isFiltered: boolean;
  readonly accepts: (candidate: Candidate) => boolean;
}

/** The same for an exact answer, with `where` beside it. */
export function hitFilter(request: SearchRequest): HitFilter {
  const terms = neighbourFilter(request);
  const { where } = request;
  return {
    isFiltered: terms.length > 0 || where !== undefined,
    accepts: (candidate) =>
      terms.every((term) => holdsFor(term, candidate.metadata)) &&
      (where === undefined || holds(where, candidate)),
  };
}
