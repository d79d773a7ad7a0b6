import { z } from "zod";
import { collections } from "../receipts/receipt.ts";

const wholeNumberKeys = new Set(["receipt_id", "line_id", "word_id"]);
const textKeys = new Set([
  "image_id",
  "text",
  "merchant_name",
  "canonical_merchant_name",
  "merchant_category",
  "address",
  "phone_number",
  "place_id",
  "label_status",
]);

/** The type that a metadata key has in every vector (design section 3); undefined for a key that no vector has. */
function typeOfKey(key: string): z.ZodType<string | number | boolean> | undefined {
  if (wholeNumberKeys.has(key)) return z.int();
  if (textKeys.has(key)) return z.string();
  if (/^label_[A-Z0-9_]+$/.test(key)) return z.boolean();
  return undefined;
}

/** Plain equality on metadata keys; each value must have its key's own type, else nothing could ever match. */
const filter = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .superRefine((wanted, context) => {
    for (const [key, value] of Object.entries(wanted)) {
      const type = typeOfKey(key);
      const problem =
        type === undefined ? "no vector has this key" : type.safeParse(value).error?.issues[0]?.message;
      if (problem !== undefined) context.addIssue({ code: "custom", path: [key], message: problem });
    }
  });

/** The body of `POST /search` for vectors of so many dimensions. */
export function searchRequest(dimensions: number) {
  return z
    .strictObject({
      collection: z.enum(collections).default("lines"),
      text: z.string().trim().min(1).max(8_000).optional(),
      vector: z.array(z.number()).length(dimensions).optional(),
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
