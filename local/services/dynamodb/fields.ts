import { validationError } from "./values/validation.ts";

/** A request as it came in. */
export type Input = Readonly<Record<string, unknown>>;
export type Output = Record<string, unknown>;

/** Legacy parameters and their replacements. */
const legacy: Readonly<Record<string, string>> = {
  AttributesToGet: "ProjectionExpression",
  AttributeUpdates: "UpdateExpression",
  Expected: "ConditionExpression",
  ConditionalOperator: "ConditionExpression",
  KeyConditions: "KeyConditionExpression",
  QueryFilter: "FilterExpression",
  ScanFilter: "FilterExpression",
};

/** Throws ValidationException for a parameter that would otherwise be ignored. */
export function requireKnown(action: string, input: Input, known: readonly string[]): void {
  const unknown = Object.keys(input).filter((name) => input[name] !== undefined && !known.includes(name));
  if (unknown.length === 0) return;
  const instead = unknown.flatMap((name) => (legacy[name] === undefined ? [] : [legacy[name]]));
  const advice = instead.length > 0 ? ` Use ${[...new Set(instead)].join(", ")}.` : "";
  throw validationError(
    `The local DynamoDB does not know ${unknown.join(", ")} of ${action} and will not ignore it.${advice}`,
  );
}

/** Throws ValidationException for a value that is not in the list; undefined selects the first. */
export function oneOf<Value extends string>(
  input: Input,
  name: string,
  values: readonly [Value, ...Value[]],
): Value {
  const value = input[name] ?? values[0];
  const found = values.find((each) => each === value);
  if (found !== undefined) return found;
  throw validationError(
    `1 validation error detected: Value '${String(value)}' at '${lowerFirst(name)}' failed to satisfy constraint: Member must satisfy enum value set: [${values.join(", ")}]`,
  );
}

/** A whole number from `min` on. */
export function integer(input: Input, name: string, min: number): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= min) return value;
  throw validationError(
    `1 validation error detected: Value '${String(value)}' at '${lowerFirst(name)}' failed to satisfy constraint: Member must have value greater than or equal to ${min}`,
  );
}

export function list(value: unknown, name: string): readonly Input[] {
  if (Array.isArray(value)) return value as readonly Input[];
  throw validationError(`The parameter '${name}' must be a list`);
}

function lowerFirst(name: string): string {
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
}
