import { z } from "zod";
import { ApiError } from "./api-error.ts";

/** Form fields are texts: `parameters` is JSON then. Metabase accepts no other field. */
const body = z.strictObject({
  parameters: z
    .union([
      z.array(z.unknown()),
      z.string().transform((text, context): unknown => {
        try {
          return JSON.parse(text);
        } catch {
          context.addIssue({ code: "custom", message: "value must be a valid JSON string." });
          return z.NEVER;
        }
      }),
    ])
    .nullish(),
  format_rows: flag(),
  pivot_results: flag(),
  csv_include_bom: flag(),
  ignore_cache: flag(),
});

export type QueryRequest = z.infer<typeof body>;

/** Reads the body of a query, JSON or a form. Throws ApiError. */
export function readRequest(contentType: string | undefined, text: string): QueryRequest {
  const parsed = body.safeParse(fields(contentType, text));
  if (parsed.success) return parsed.data;
  throw new ApiError(400, { errors: z.flattenError(parsed.error).fieldErrors });
}

function fields(contentType: string | undefined, text: string): unknown {
  if (contentType?.startsWith("application/x-www-form-urlencoded")) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(400, "Malformed JSON in request body");
  }
}

function flag() {
  return z
    .union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")])
    .default(false);
}
