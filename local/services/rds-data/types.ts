/** Object ids of PostgreSQL's types, which are fixed. */
export const typeIds = {
  bool: 16,
  bytea: 17,
  char: 18,
  name: 19,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  json: 114,
  float4: 700,
  float8: 701,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  uuid: 2950,
  jsonb: 3802,
} as const;

export type TypeName = keyof typeof typeIds;

/** Array types and their element types. */
export const arrayTypes: Readonly<Record<number, TypeName>> = {
  1000: "bool",
  1003: "name",
  1005: "int2",
  1007: "int4",
  1009: "text",
  1014: "bpchar",
  1015: "varchar",
  1016: "int8",
  1021: "float4",
  1022: "float8",
  1115: "timestamp",
  1182: "date",
  1185: "timestamptz",
  1231: "numeric",
  2951: "uuid",
};

/** A function's nothing, as of pg_sleep. */
export const voidType = 2278;

const names = new Map<number, TypeName>(
  Object.entries(typeIds).map(([name, id]) => [id, name as TypeName] as const),
);

export function typeNameOf(id: number): TypeName | undefined {
  return names.get(id);
}
