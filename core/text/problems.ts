import type * as z from "zod";

/** Returns every schema violation, each with the path of the field. */
export function problems(error: z.ZodError): string[] {
  return error.issues.map((issue) =>
    issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`,
  );
}
