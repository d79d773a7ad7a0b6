import { z } from "zod";
import { Failure } from "../failure.ts";

/** The environment of a process does not fit its schema; every problem is in the message. */
export class EnvironmentInvalid extends Failure {
  constructor(problems: string[]) {
    super(
      `The environment of this process is not usable: ${problems.join("; ")}.`,
      "Set these variables (infra/components declares them for every function) and start again.",
    );
  }
}

/** Parses the environment once, at the start of a process. Throws EnvironmentInvalid naming every bad variable. */
export function readEnvironment<S extends z.ZodType>(
  schema: S,
  environment: Record<string, string | undefined> = process.env,
): z.infer<S> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new EnvironmentInvalid(
    parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`),
  );
}

/** A whole number written as text, within bounds (inclusive). */
export function wholeNumber(minimum: number, maximum: number) {
  return z.coerce.number().int().min(minimum).max(maximum);
}
