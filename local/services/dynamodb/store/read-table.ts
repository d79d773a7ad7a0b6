import { type Input, list } from "../fields.ts";
import { validationError } from "../values/validation.ts";
import type { KeyPart, Keys, KeyType } from "./keys.ts";
import type { IndexDefinition } from "./table.ts";

const nameForm = /^[a-zA-Z0-9_.-]{3,255}$/;
const projectionTypes = ["ALL", "KEYS_ONLY", "INCLUDE"] as const;

/** Attributes that are keys, by name. */
export type KeyTypes = ReadonlyMap<string, KeyType>;

export function readTableName(raw: unknown): string {
  if (typeof raw === "string" && nameForm.test(raw)) return raw;
  throw validationError(
    `1 validation error detected: Value '${String(raw)}' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+, with a length from 3 to 255`,
  );
}

export function readKeyTypes(raw: unknown): KeyTypes {
  return new Map(
    list(raw, "attributeDefinitions").map(({ AttributeName: name, AttributeType: type }) => {
      if (type === "S" || type === "N" || type === "B") return [String(name), type];
      throw validationError(
        `1 validation error detected: Value '${String(type)}' at 'attributeDefinitions.member.attributeType' failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]`,
      );
    }),
  );
}

export function readKeys(raw: unknown, types: KeyTypes): Keys {
  const [hash, range, ...more] = list(raw, "keySchema");
  if (hash === undefined || hash.KeyType !== "HASH" || more.length > 0) {
    throw validationError("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  if (range !== undefined && range.KeyType !== "RANGE") {
    throw validationError("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
  }
  return { hash: readPart(hash, types), range: range && readPart(range, types) };
}

export function readIndexes(
  { GlobalSecondaryIndexes: global, LocalSecondaryIndexes: local }: Input,
  types: KeyTypes,
): IndexDefinition[] {
  const read = (raw: unknown, isGlobal: boolean) =>
    raw === undefined || raw === null
      ? []
      : list(raw, "secondaryIndexes").map((index) => readIndex(index, isGlobal, types));
  return [...read(global, true), ...read(local, false)];
}

export function readIndex(raw: Input, global: boolean, types: KeyTypes): IndexDefinition {
  const projection = (raw.Projection ?? {}) as Input;
  const type = projectionTypes.find((each) => each === projection.ProjectionType);
  if (type === undefined) {
    throw validationError("One or more parameter values were invalid: Unknown ProjectionType: null");
  }
  const include = (projection.NonKeyAttributes ?? []) as readonly string[];
  return {
    name: String(raw.IndexName),
    keys: readKeys(raw.KeySchema, types),
    global,
    projection: { type, include },
  };
}

/** Throws ValidationException for an attribute that is defined and no key of anything. */
export function requireAllKeys(types: KeyTypes, all: readonly Keys[]): void {
  const used = new Set(all.flatMap(({ hash, range }) => [hash.name, ...(range ? [range.name] : [])]));
  const unused = [...types.keys()].filter((name) => !used.has(name));
  if (unused.length === 0) return;
  throw validationError(
    `One or more parameter values were invalid: Some AttributeDefinitions are not used. AttributeDefinitions: [${[...types.keys()].join(", ")}], keys used: [${[...used].join(", ")}]`,
  );
}

function readPart({ AttributeName: name }: Input, types: KeyTypes): KeyPart {
  const type = types.get(String(name));
  if (type !== undefined) return { name: String(name), type };
  throw validationError(
    `One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [${String(name)}], AttributeDefinitions: [${[...types.keys()].join(", ")}]`,
  );
}
