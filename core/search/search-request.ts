import * as z from "zod";
import { collections } from "../../contract/collections.ts";
import type { MetadataType } from "../documents/document-model.ts";
import { documentSearch, type TermName } from "../documents/document-search.ts";
import { documentModel } from "../documents/documents.ts";
import { vectorProblem } from "../embedding/vector-rule.ts";
import { type Condition, fieldsOf, where } from "./filter/condition.ts";
import { collectionOf, problemsOfCollection } from "./request-collection.ts";
import { searchModes } from "./snapshot/rank.ts";

/** Half of a surrogate pair is no character: no provider and no index takes it. */
const wellFormed = z
  .string()
  .refine((text) => text.isWellFormed(), "has half of a surrogate pair, which is no character");

const valueTypes: Readonly<Record<MetadataType, z.ZodType>> = {
  str: wellFormed,
  int: z.int(),
  float: z.number(),
  bool: z.boolean(),
};

/** Plain equality on metadata keys; each value must have its key's own type, else nothing could ever match. */
const filter = z
  .unknown()
  // zod drops this key silently, which would drop the filter.
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
 * Rules between fields also run if a field is invalid, so that every problem is reported at once. The value of such a field
 * is what was sent, whatever its type says.
 */
const besideOtherProblems = {
  when: ({ value }: { value: unknown }) => z.object({}).safeParse(value).success,
};

/** Beside other problems, `where` may be whatever was sent. */
function isCondition(read: unknown): read is Condition {
  return typeof read === "object" && read !== null && "kind" in read;
}

/** The body of `POST /search` for vectors with this many dimensions. */
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
      /** What a hit must be like: fields with operators, joined by and, or, not. Beside `filter`, which is plain equality. */
      where: where.optional(),
      ...termFields,
      /** By vector and by letters, by vectors alone, or by letters alone. */
      mode: z.enum(searchModes).default("hybrid"),
      /** What one hit is: a row with all its vectors, or one vector. */
      group: z.enum(["row", "line"]).default("row"),
      /** Whether what the text asks is read out of it by declared rules. */
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
