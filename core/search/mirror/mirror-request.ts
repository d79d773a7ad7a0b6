import { documentSearch } from "../../documents/document-search.ts";
import { HttpError } from "../http-error.ts";
import { checkedBody } from "../request-body.ts";
import { type SearchRequest, searchRequest } from "../search-request.ts";

/** What only a snapshot can do, by the field of the request that asks for it. */
const onlyOfSnapshots: readonly (readonly [field: string, asks: (value: unknown) => boolean, why: string])[] =
  [
    ["mode", (value) => value !== "dense", "the mirror has no letters to compare: only mode dense"],
    ["group", (value) => value !== "line", "the mirror does not know visual rows: only group line"],
    ["understand", (value) => value !== false, "the mirror compares vectors alone: only understand false"],
    [
      "where",
      () => true,
      `conditions need a snapshot: use filter, ${Object.keys(documentSearch.terms).join(", ")}, which compare for equality`,
    ],
  ];

/**
 * Parses the body of a search that the mirror answers. A field that is absent has the only value that the mirror can
 * answer; a field with another value is refused, not ignored. Throws HttpError with every problem.
 */
export function mirrorRequest(body: unknown, dimensions: number): SearchRequest {
  const asked = Object(body) as Record<string, unknown>;
  const refused = onlyOfSnapshots.filter(([field, asks]) => asked[field] !== undefined && asks(asked[field]));
  const request = checkedBody(body, searchRequest(dimensions));
  if (refused.length > 0) {
    throw new HttpError(
      400,
      "not_in_mirror",
      "Searches of this stack are answered from the mirror in S3 Vectors (query:backend), which cannot do this.",
      { problems: refused.map(([field, , why]) => `${field}: ${why}`) },
    );
  }
  return { ...request, mode: "dense", group: "line", understand: false };
}
