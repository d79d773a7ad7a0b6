/** A JSON schema, as the clients send it. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly items?: JsonSchema;
}

/** Converts a value to a schema: only the schema's properties, and for an unknown one the emptiest valid value. */
export function fitSchema(value: unknown, schema: JsonSchema): unknown {
  const options = schema.anyOf ?? [schema];
  const fitting = options.find((option) => hasType(value, option));
  if (fitting === undefined) return emptyOf(options);
  if (fitting.properties !== undefined) {
    const given = Object(value) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(fitting.properties).map(([name, inner]) => [name, fitSchema(given[name], inner)]),
    );
  }
  if (Array.isArray(value) && fitting.items !== undefined) {
    const { items } = fitting;
    return value.map((one) => fitSchema(one, items));
  }
  return value;
}

function hasType(value: unknown, { type, enum: allowed }: JsonSchema): boolean {
  if (allowed !== undefined) return allowed.includes(value);
  return [type].flat().includes(typeOf(value));
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function emptyOf(options: readonly JsonSchema[]): unknown {
  const types = options.flatMap(({ type }) => [type].flat());
  if (types.includes("null")) return null;
  const [first] = options;
  if (first?.enum !== undefined) return first.enum[0];
  switch (types[0]) {
    case "array":
      return [];
    case "object":
      return fitSchema({}, first ?? {});
    case "number":
    case "integer":
      return 0;
    case "boolean":
      return false;
    default:
      return "";
  }
}
