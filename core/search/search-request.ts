import { z } from "zod";
import { collections } from "../receipts/receipt.ts";
import { type MetadataType, metadataType } from "../receipts/vector-metadata.ts";

const valueTypes: Readonly<Record<MetadataType, z.ZodType>> = {
  str: z.string(),
  int: z.int(),
  float: z.number(),
  bool: z.boolean(),
};

/** Plain equality on metadata keys; each value must have its key's own type, else nothing could ever match. */
const filter = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .superRefine((wanted, context) => {
    for (const [key, value] of Object.entries(wanted)) {
      const type = metadataType(key);
      const problem =
        type === undefined
          ? "no vector has this key"
          : valueTypes[type].safeParse(value).error?.issues[0]?.message;
      if (problem !== undefined) context.addIssue({ code: "custom", path: [key], message: problem });
    }
  });

/** The body of `POST /search` for vectors of so many dimensions. */
export function searchRequest(dimensions: number) {
  return z
    .strictObject({
      collection: z.enum(collections).default("lines"),
      text: z.string().trim().min(1).max(8_000).optional(),
      vector: z
        .array(z.number())
        .length(dimensions)
        .refine((vector) => vector.some((value) => value !== 0), "a vector of zeros has no direction")
        .optional(),
      k: z.int().min(1).max(100).default(5),
      filter: filter.default({}),
    })
    .superRefine((request, context) => {
      if ((request.text === undefined) === (request.vector === undefined)) {
        context.addIssue({ code: "custom", path: ["text"], message: "give either text or vector" });
      }
      if (request.collection === "lines" && "word_id" in request.filter) {
        context.addIssue({ code: "custom", path: ["filter", "word_id"], message: "lines have no word_id" });
      }
    });
}

export type SearchRequest = z.infer<ReturnType<typeof searchRequest>>;
