import * as z from "zod";
import { VectorkeepError } from "../vectorkeep-error.ts";

/** The environment of a process does not match its schema. The message lists every problem. */
export class EnvironmentInvalidError extends VectorkeepError {
  constructor(problems: string[]) {
    super(
      `The environment of this process is invalid: ${problems.join("; ")}.`,
      "Set these variables (infra/components declares them for every function) and restart.",
    );
  }
}

/**
 * Parses the environment once, at the start of a process. Throws EnvironmentInvalidError with every invalid variable.
 */
export function readEnvironment<S extends z.ZodType>(
  schema: S,
  environment: Record<string, string | undefined> = process.env,
): z.infer<S> {
  // Compiling a schema is not worthwhile if it is used once.
  const parsed = schema.safeParse(environment, { jitless: true });
  if (parsed.success) return parsed.data;
  throw new EnvironmentInvalidError(
    parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`),
  );
}

/** A comma-separated list. */
export const commaSeparated = z.string().transform((text) => text.split(",").filter((part) => part !== ""));

/** A text; an empty one counts as absent, because infra sets every variable. */
export const emptyIsNone = z
  .string()
  .transform((text) => text || undefined)
  .optional();

/** A value as JSON. */
export const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue("must be JSON");
    return z.NEVER;
  }
});

/** One URL per shard of a collection, in shard order. */
export const urlsOfShards = commaSeparated.pipe(z.array(z.url()).min(1));

/** Validates that these variables, which have one entry per shard, have the same number of entries. */
export function equallyMany<Name extends string>(...names: readonly Name[]) {
  const listed = z.object(Object.fromEntries(names.map((name) => [name, z.array(z.unknown())])));
  return z.refine<Readonly<Record<Name, readonly unknown[]>>>(
    (environment) => new Set(names.map((name) => environment[name].length)).size === 1,
    {
      path: [names.join(", ")],
      error: "must have equally many entries",
      when: ({ value }) => listed.safeParse(value).success,
    },
  );
}

/** An integer as text, within inclusive bounds. */
export function wholeNumber(minimum: number, maximum: number) {
  return z.coerce.number().int().min(minimum).max(maximum);
}
