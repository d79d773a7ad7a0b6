import { type Collection, collections } from "../../contract/collections.ts";
import { documentSearch, type TermName } from "../documents/document-search.ts";

/** The fields of a request that determine its collection. If other fields are invalid, values may have any type. */
export type Asked = { readonly [Name in TermName]?: string | undefined } & {
  readonly collection?: Collection | undefined;
  readonly filter?: object | undefined;
};

interface Problem {
  readonly path: string[];
  readonly message: string;
}

/** The requested collection, or else the first one that has all requested fields. */
export function collectionOf(request: Asked): Collection {
  const asked = termsAsked(request);
  const fitting = collections.find((collection) =>
    asked.every((name) => isTermIn(collection, request, name)),
  );
  return request.collection ?? fitting ?? collections[0];
}

/** The problems of a request for fields that its collection lacks. `fields` are those of the request's condition. */
export function problemsOfCollection(request: Asked, fields: readonly string[]): Problem[] {
  const collection = collectionOf(request);
  if (!collections.includes(collection)) return [];
  return [
    ...termsAsked(request).map((name) =>
      problem(collection, [name], (other) => isTermIn(other, request, name)),
    ),
    ...Object.keys(request.filter ?? {}).map((key) =>
      problem(collection, ["filter", key], (other) => documentSearch.isKeyIn(other, key)),
    ),
    problem(collection, ["where"], (other) => fields.every((field) => documentSearch.isKeyIn(other, field))),
  ].filter((found) => found !== undefined);
}

function problem(
  collection: Collection,
  path: string[],
  isIn: (other: Collection) => boolean,
): Problem | undefined {
  if (isIn(collection)) return undefined;
  const others = collections.filter(isIn).join(" or ");
  return { path, message: `${collection} have none: search collection ${others}` };
}

function termsAsked(request: Asked): TermName[] {
  const names = Object.keys(documentSearch.terms) as TermName[];
  return names.filter((name) => request[name] !== undefined);
}

function isTermIn(collection: Collection, request: Asked, name: TermName): boolean {
  const { value, term } = documentSearch.terms[name];
  const { data = "" } = value.safeParse(request[name]);
  return term(data).anyOf.some((key) => documentSearch.isKeyIn(collection, key));
}
