import { type AttributeValue, attributeOf, type Item, readItem } from "../values/attribute-value.ts";
import { validationError } from "../values/validation.ts";

const nameForm = /^#[A-Za-z0-9_]+$/;
const valueForm = /^:[A-Za-z0-9_]+$/;

/** The `#names` and `:values` of one request, which all of its expressions share. */
export class Placeholders {
  readonly #names: ReadonlyMap<string, string>;
  readonly #values: Item;
  readonly #unused: { readonly names: Set<string>; readonly values: Set<string> };

  /** Receives the unvalidated ExpressionAttributeNames and ExpressionAttributeValues. Throws AwsError. */
  constructor(names: unknown, values: unknown) {
    this.#names = new Map(Object.entries(given(names, "ExpressionAttributeNames")).map(checkedName));
    this.#values = readItem(given(values, "ExpressionAttributeValues"));
    for (const name of Object.keys(this.#values)) {
      if (!valueForm.test(name)) throw invalid("ExpressionAttributeValues", "key", name);
    }
    this.#unused = { names: new Set(this.#names.keys()), values: new Set(Object.keys(this.#values)) };
  }

  name(placeholder: string): string | undefined {
    this.#unused.names.delete(placeholder);
    return this.#names.get(placeholder);
  }

  value(placeholder: string): AttributeValue | undefined {
    this.#unused.values.delete(placeholder);
    return attributeOf(this.#values, placeholder);
  }

  /** Throws ValidationException for placeholders that no expression uses. Call it after all expressions are parsed. */
  requireAllUsed(): void {
    for (const [field, unused] of [
      ["ExpressionAttributeNames", this.#unused.names],
      ["ExpressionAttributeValues", this.#unused.values],
    ] as const) {
      if (unused.size === 0) continue;
      throw validationError(
        `Value provided in ${field} unused in expressions: keys: {${[...unused].join(", ")}}`,
      );
    }
  }
}

function given(map: unknown, field: string): object {
  if (map === undefined || map === null) return {};
  if (typeof map !== "object" || Array.isArray(map)) throw validationError(`${field} must be a map`);
  if (Object.keys(map).length === 0) throw validationError(`${field} must not be empty`);
  return map;
}

function checkedName([placeholder, name]: [string, unknown]): [string, string] {
  if (!nameForm.test(placeholder)) throw invalid("ExpressionAttributeNames", "key", placeholder);
  if (typeof name !== "string" || name === "")
    throw invalid("ExpressionAttributeNames", "value", String(name));
  return [placeholder, name];
}

function invalid(field: string, part: string, found: string) {
  return validationError(`${field} contains invalid ${part}: Syntax error; ${part}: "${found}"`);
}
