import * as z from "zod";
import { hasVisibleText } from "../../text/visible-text.ts";

export const searchModes = ["hybrid", "vector", "lexical"] as const;
export type SearchMode = (typeof searchModes)[number];

const maxQueryLength = 1_000;
const maxHits = 100;

export const imageSearchRequest = z.strictObject({
  q: z
    .string({ error: "is missing" })
    .max(maxQueryLength, `has more than ${maxQueryLength} characters`)
    .refine(hasVisibleText, "has no visible text"),
  k: z.coerce
    .number({ error: "is not a number" })
    .int("is not a whole number")
    .min(1, `is not from 1 to ${maxHits}`)
    .max(maxHits, `is not from 1 to ${maxHits}`)
    .default(10),
  mode: z.enum(searchModes, { error: `is not one of ${searchModes.join(", ")}` }).default("hybrid"),
});

export type ImageSearchRequest = z.infer<typeof imageSearchRequest>;

/** Returns the parsed request, or the problem with each parameter. */
export function readSearchRequest(
  query: Readonly<Record<string, string>>,
): { readonly request: ImageSearchRequest } | { readonly problems: readonly string[] } {
  const parsed = imageSearchRequest.safeParse(query);
  if (parsed.success) return { request: parsed.data };
  return {
    problems: parsed.error.issues.map((issue) =>
      issue.code === "unrecognized_keys"
        ? `${issue.keys.join(", ")} is not a parameter`
        : `${issue.path.join(".")} ${issue.message}`,
    ),
  };
}
