import * as z from "zod";
import { collections } from "../../contract/collections.ts";
import type { MetadataType } from "../documents/document-model.ts";
import { documentSearch, type TermName } from "../documents/document-search.ts";
import { documentModel } from "../documents/documents.ts";
import { vectorProblem } from "../embedding/vector-rule.ts";
import { type Condition, fieldsOf, where } from "./filter/condition.ts";
import { collectionOf, problemsOfCollection } from "./request-collection.ts";
import { searchModes } from "./snapshot/rank.ts";

/** Providers and indexes reject unpaired surrogates. */
const wellFormed = z.string().refine((text) => text.isWellFormed(), "has an unpaired surrogate");

const valueTypes: Readonly<Record<MetadataType, z.ZodType>> = {
  str: wellFormed,
  int: z.int(),
  float: z.number(),
  bool: z.boolean(),
};

/** Equality of metadata values. Each value must have the type of its key, because it could never match otherwise. */
const filter = z
  .unknown()
  // zod silently drops this key, which would drop the filter.
  .refine((wanted) => !Object.hasOwn(Object(wanted), "__proto__"), "__proto__: no vector has this key")
  .pipe(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])))
  .superRefine((wanted, context) => {
    for (const [key, value] of Object.entries(wanted)) {
      const type = documentModel.metadataType(key);
      const problem =
        type === undefined
          ? "no vector has this key"
          : valueTypes[type].safeParse(value).error?.issues[0]?.message;
      if (problem !== undefined) context.addIssue({ code: "custom", path: [key], message: problem });
    }
  });

type TermFields = { [Name in TermName]: z.ZodOptional<z.ZodType<string>> };

const termFields = Object.fromEntries(
  Object.entries(documentSearch.terms).map(([name, { value }]) => [name, value.optional()]),
) as TermFields;

/**
 * Lets rules between fields run even if a field is invalid, so that all problems are reported at once. Despite its
 * type, the value of an invalid field is then whatever the caller sent.
 */
const besideOtherProblems = {
  when: ({ value }: { value: unknown }) => z.object({}).safeParse(value).success,
};

/** If other fields are invalid, `where` may be whatever the caller sent. */
function isCondition(read: unknown): read is Condition {
  return typeof read === "object" && read !== null && "kind" in read;
}

/** The body of `POST /search` for vectors with this number of dimensions. */
export function searchRequest(dimensions: number) {
  return z
    .strictObject({
      collection: z.enum(collections).optional(),
      text: wellFormed.trim().min(1).max(8_000).optional(),
      vector: z
        .array(z.number())
        .length(dimensions)
        .superRefine((vector, context) => {
          const message = vectorProblem(vector);
          if (message !== undefined) context.addIssue({ code: "custom", message });
        })
        .optional(),
      k: z.int().min(1).max(100).default(5),
      filter: filter.default({}),
      /** A condition on hits: fields with operators, joined by and, or, not. `filter` is plain equality. */
      where: where.optional(),
      ...termFields,
      /** Compare vectors and letters, only vectors, or only letters. */
      mode: z.enum(searchModes).default("hybrid"),
      /** The unit of a hit: a row with all its vectors, or one vector. */
      group: z.enum(["row", "line"]).default("row"),
      /** Whether rules extract conditions such as dates and amounts from the text. */
      understand: z.boolean().default(true),
    })
    .superRefine((request, context) => {
      if ((request.text === undefined) === (request.vector === undefined)) {
        context.addIssue({ code: "custom", path: ["text"], message: "give either text or vector" });
      }
    }, besideOtherProblems)
    .superRefine((request, context) => {
      const fields = isCondition(request.where) ? fieldsOf(request.where) : [];
      for (const { path, message } of problemsOfCollection(request, fields)) {
        context.addIssue({ code: "custom", path, message });
      }
    }, besideOtherProblems)
    .transform((request) => ({ ...request, collection: collectionOf(request) }));
}

export type SearchRequest = z.infer<ReturnType<typeof searchRequest>>;
