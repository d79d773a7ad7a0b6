import { z } from "zod";

const secretMark = "4dabf18193072939515e22adb298388d";

/** Removes the wrappers that mark secrets, at any depth. Objects of classes, as archives, are left alone. */
export function withoutSecretMarks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecretMarks);
  if (typeof value !== "object" || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  if (secretMark in value && "value" in value) return withoutSecretMarks(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecretMarks(inner)]));
}

/** Parses inputs, naming every one that does not fit. */
export function parseInputs<S extends z.ZodType>(schema: S, inputs: unknown): z.infer<S> {
  const parsed = schema.safeParse(inputs);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Error(problems.join("; "));
}

/** A policy or the like: JSON text, or the object itself. */
export const jsonDocument = z.union([
  z.string().transform((text): unknown => JSON.parse(text)),
  z.looseObject({}),
]);
