import * as z from "zod";
import { type Collection, collections } from "../../contract/collections.ts";
import type { MetadataType } from "../documents/document-model.ts";
import { documentModel } from "../documents/documents.ts";
import { vectorProblem } from "../embedding/vector-rule.ts";
import { canBeLabel } from "../receipts/vector-metadata.ts";
import { asksForWords, type Condition, where } from "./filter/condition.ts";
import { searchModes } from "./snapshot/rank.ts";
import { isOfWords } from "./word-labels.ts";

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
  // zod passes this one key over, and what it does not see would be a filter that is left out without a word.
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

const label = wellFormed.min(1).refine(canBeLabel, {
  error: ({ input }) => `a label cannot be named ${input}: label_${input} is another key of a word`,
});

/**
 * Rules between fields run beside fields that do not fit, so that every problem is told at once. Such a field is
 * whatever was sent, whatever its type says.
 */
const besideOtherProblems = {
  when: ({ value }: { value: unknown }) => z.object({}).safeParse(value).success,
};

/** Beside other problems, `where` may be whatever was sent. */
function isCondition(read: unknown): read is Condition {
  return typeof read === "object" && read !== null && "kind" in read;
}

/** Defaults to lines, or to words if a label is given. */
function collectionOf(collection: Collection | undefined, label: string | undefined): Collection {
  return collection ?? (label === undefined ? "lines" : "words");
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
      /** Either of a merchant's names. */
      merchant: wellFormed.min(1).optional(),
      /** A label that is VALID on the word. */
      label: label.optional(),
      /** By vector and by letters, by vectors alone, or by letters alone. */
      mode: z.enum(searchModes).default("hybrid"),
      /** What one hit is: a visual row with all its lines, or a line. Words are always by themselves. */
      group: z.enum(["row", "line"]).default("row"),
      /** Whether dates, amounts, merchants and words such as "total" and "when" are read out of the text. */
      understand: z.boolean().default(true),
    })
    .superRefine((request, context) => {
      if ((request.text === undefined) === (request.vector === undefined)) {
        context.addIssue({ code: "custom", path: ["text"], message: "give either text or vector" });
      }
    }, besideOtherProblems)
    .superRefine((request, context) => {
      if (collectionOf(request.collection, request.label) !== "lines") return;
      const message = "lines have none: search collection words";
      if (request.label !== undefined) context.addIssue({ code: "custom", path: ["label"], message });
      for (const key of Object.keys(request.filter ?? {}).filter(isOfWords)) {
        context.addIssue({ code: "custom", path: ["filter", key], message });
      }
      if (isCondition(request.where) && asksForWords(request.where)) {
        context.addIssue({ code: "custom", path: ["where"], message });
      }
    }, besideOtherProblems)
    .transform((request) => ({ ...request, collection: collectionOf(request.collection, request.label) }));
}

export type SearchRequest = z.infer<ReturnType<typeof searchRequest>>;
