import { createRequire } from "node:module";
import type { Properties } from "./properties.ts";
import type { Declared } from "./resource.ts";

/**
 * Marks missing outputs. Under Pulumi's mocks an output that is not returned is silently undefined, and so are values
 * derived from it. The mark is found again wherever it ends up: in another resource's inputs or in the stack's outputs.
 */
const missingOutput = /@@missing output (.*?)@@/g;

/** Replaces every output of a resource that could not be created. */
export const notCreated = "@@not created@@";

const require = createRequire(import.meta.url);

/** A mark for every property that the resource's class declares and that is neither an input nor returned. */
export function markMissing({ type, name }: Declared, state: Properties): Properties {
  const missing = declaredProperties(type).filter((property) => state[property] === undefined);
  return Object.fromEntries(
    missing.map((property) => [property, `@@missing output ${property} of ${type} ${name}@@`]),
  );
}

/** The outputs of a resource that could not be created. */
export function markNotCreated(type: string): Properties {
  return Object.fromEntries(declaredProperties(type).map((property) => [property, notCreated]));
}

/** The missing outputs that a value was made of, in words. */
export function findMissing(value: unknown): string[] {
  const marks = JSON.stringify(value)?.matchAll(missingOutput) ?? [];
  return [...new Set([...marks].map(([, words = ""]) => words))];
}

/** Whether a value was made of an output of a resource that could not be created. */
export function needsNotCreated(value: unknown): boolean {
  return JSON.stringify(value)?.includes(notCreated) ?? false;
}

/** The constructors of Pulumi's classes list their properties, and a type's token says in which module the class is. */
function declaredProperties(type: string): string[] {
  const [provider, module = "", className = ""] = type.split(":");
  const file = module.includes("/")
    ? module
    : `${module}/${className.charAt(0).toLowerCase()}${className.slice(1)}`;
  const resourceClass: unknown = require(`@pulumi/${provider}/${file}.js`)[className];
  const properties = String(resourceClass).matchAll(/resourceInputs\["(\w+)"\]/g);
  return [...new Set([...properties].map(([, property = ""]) => property))];
}
