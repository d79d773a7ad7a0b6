import type { Column, StatementResult } from "../../postgres/messages.ts";
import { AwsError } from "../../protocol/service.ts";
import type { Input, ResultSetOptions } from "./requests.ts";
import { arrayTypes, type TypeName, typeNameOf, voidType } from "./types.ts";

type Field = Readonly<Record<string, unknown>>;
type Text = string | null;

const maxRowBytes = 64 * 1024;
const maxResultBytes = 1024 * 1024;
const updating = /^(INSERT|UPDATE|DELETE|MERGE)\b.* (?<count>\d+)$/;

/** Returns the response of ExecuteStatement. Throws UnsupportedResultException. */
export function renderResult(
  { tag, columns, rows }: StatementResult,
  {
    formatRecordsAs,
    includeResultMetadata,
    resultSetOptions,
  }: Pick<Input<"/Execute">, "formatRecordsAs" | "includeResultMetadata" | "resultSetOptions">,
): object {
  for (const row of rows) checkRow(row);
  const numberOfRecordsUpdated = Number(updating.exec(tag)?.groups?.count ?? 0);
  // JSON is for SELECT alone: INSERT ... RETURNING answers records.
  if (formatRecordsAs === "JSON" && tag.startsWith("SELECT")) {
    const formattedRecords = JSON.stringify(
      rows.map((row) =>
        Object.fromEntries(columns.map((column, at) => [column.name, jsonOf(column, row[at] ?? null)])),
      ),
    );
    return checked({ numberOfRecordsUpdated, formattedRecords });
  }
  return checked({
    numberOfRecordsUpdated,
    generatedFields: [],
    ...(columns.length === 0
      ? {}
      : {
          records: rows.map((row) =>
            columns.map((column, at) => fieldOf(column, row[at] ?? null, resultSetOptions)),
          ),
        }),
    ...(includeResultMetadata ? { columnMetadata: columns.map(metadataOf) } : {}),
  });
}

function fieldOf(column: Column, text: Text, options: ResultSetOptions): Field {
  const elementType = arrayTypes[column.type];
  const type = elementType ?? supported(column);
  if (text === null || type === "void") return { isNull: true };
  if (elementType !== undefined) return { arrayValue: arrayOf(elementType, elementsOf(text, column)) };
  switch (kindOf(type)) {
    case "boolean":
      return { booleanValue: text === "t" };
    case "long":
      return options.longReturnType === "STRING" ? { stringValue: text } : { longValue: Number(text) };
    case "double":
      return { doubleValue: Number(text) };
    case "blob":
      return { blobValue: base64(text) };
    case "decimal":
      if (options.decimalReturnType === "STRING") return { stringValue: text };
      return text.includes(".") ? { doubleValue: Number(text) } : { longValue: Number(text) };
    case "string":
      return { stringValue: stringOf(type, text) };
  }
}

function jsonOf(column: Column, text: Text): unknown {
  const elementType = arrayTypes[column.type];
  const type = elementType ?? supported(column);
  if (text === null || type === "void") return null;
  const scalar = (element: Text) => (element === null ? null : scalarJson(type, element));
  return elementType === undefined ? scalar(text) : elementsOf(text, column).map(scalar);
}

function scalarJson(type: TypeName, text: string): unknown {
  switch (kindOf(type)) {
    case "boolean":
      return text === "t";
    case "long":
    case "double":
    case "decimal":
      return Number(text);
    case "blob":
      return base64(text);
    case "string":
      return stringOf(type, text);
  }
}

function arrayOf(type: TypeName, elements: readonly Text[]): object {
  const convert = <T>(of: (text: string) => T) =>
    elements.map((element) => (element === null ? null : of(element)));
  switch (kindOf(type)) {
    case "boolean":
      return { booleanValues: convert((text) => text === "t") };
    case "long":
      return { longValues: convert(Number) };
    case "double":
      return { doubleValues: convert(Number) };
    default:
      return { stringValues: convert((text) => stringOf(type, text)) };
  }
}

type Kind = "boolean" | "long" | "double" | "blob" | "decimal" | "string";

const kinds: Partial<Record<TypeName, Kind>> = {
  bool: "boolean",
  int2: "long",
  int4: "long",
  int8: "long",
  float4: "double",
  float8: "double",
  numeric: "decimal",
  bytea: "blob",
};

function kindOf(type: TypeName): Kind {
  return kinds[type] ?? "string";
}

/** Times are UTC's, and carry no offset. */
function stringOf(type: TypeName, text: string): string {
  return type === "timestamptz" ? text.replace(/\+00(:00)?$/, "") : text;
}

function supported({ name, type }: Column): TypeName | "void" {
  const known = type === voidType ? "void" : typeNameOf(type);
  if (known !== undefined) return known;
  throw unsupported(
    `The result contains the unsupported data type of the column "${name}" (oid ${type}); cast it to text`,
  );
}

/** The elements of an array of one dimension in PostgreSQL's text format. */
function elementsOf(text: string, { name }: Column): Text[] {
  if (text.startsWith("{{") || text.startsWith("[")) {
    throw unsupported(`The result contains a multidimensional array: ${name}`);
  }
  const element = /"((?:\\[\s\S]|[^"\\])*)"|([^,{}"]+)/g;
  return [...text.slice(1, -1).matchAll(element)].map(([, inQuotes, bare]) => {
    if (inQuotes !== undefined) return inQuotes.replace(/\\([\s\S])/g, "$1");
    return bare === "NULL" ? null : (bare ?? "");
  });
}

function metadataOf({ name, type }: Column): object {
  const typeName = arrayTypes[type] === undefined ? typeNameOf(type) : `_${arrayTypes[type]}`;
  return {
    name,
    label: name,
    typeName: typeName ?? "void",
    nullable: 2,
    precision: 0,
    scale: 0,
    tableName: "",
    schemaName: "",
  };
}

function base64(hex: string): string {
  return Buffer.from(hex.slice(2), "hex").toString("base64");
}

function checkRow(row: readonly Text[]): void {
  const bytes = row.reduce((sum, text) => sum + Buffer.byteLength(text ?? ""), 0);
  if (bytes <= maxRowBytes) return;
  throw unsupported(`A row of the result has ${bytes} bytes, of at most ${maxRowBytes}`);
}

function checked(answer: object): object {
  if (Buffer.byteLength(JSON.stringify(answer)) <= maxResultBytes) return answer;
  throw unsupported("Database returned more than the allowed response size limit");
}

function unsupported(message: string): AwsError {
  return new AwsError(400, "UnsupportedResultException", message);
}
