import type { MetadataTerm } from "../collections/chroma/vector-store.ts";
import type { VectorMetadata } from "../deltas/delta.ts";
import { type ConditionCandidate, documentSearch, type TermName } from "../documents/document-search.ts";
import type { TermField } from "../documents/search-model.ts";
import { holds } from "./filter/holds.ts";
import type { SearchRequest } from "./search-request.ts";

/** Whether a vector's metadata matches the term. */
export function holdsFor({ anyOf, equals }: MetadataTerm, metadata: VectorMetadata): boolean {
  return anyOf.some((key) => Object.hasOwn(metadata, key) && metadata[key] === equals);
}

/** The terms that a vector must match to be a hit. */
export function neighbourFilter(request: SearchRequest): MetadataTerm[] {
  const equal = Object.entries(request.filter);
  const short = Object.entries(documentSearch.terms) as [TermName, TermField][];
  return [
    ...equal.map(([key, value]): MetadataTerm => ({ anyOf: [key], equals: value })),
    ...short.flatMap(([name, { term }]) => {
      const value = request[name];
      return value === undefined ? [] : [term(value)];
    }),
  ];
}

export interface HitFilter {
  readonly isFiltered: boolean;
  readonly accepts: (candidate: ConditionCandidate) => boolean;
}

/** The filter of an exact answer, which also applies `where`. */
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
