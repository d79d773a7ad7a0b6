import type { Parameter } from "../../postgres/messages.ts";
import { numberParameters } from "./named-parameters.ts";
import { badRequest, type SqlParameter } from "./requests.ts";
import { typeIds } from "./types.ts";

export interface BoundStatement {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
}

const hinted = {
  DATE: typeIds.date,
  DECIMAL: typeIds.numeric,
  JSON: typeIds.json,
  TIME: typeIds.time,
  TIMESTAMP: typeIds.timestamp,
  UUID: typeIds.uuid,
};
/** The server infers it, as of a null that says no type. */
const inferred = 0;

/** Binds parameters by name. Throws BadRequestException for one that is missing. */
export function bind(sql: string, parameters: readonly SqlParameter[]): BoundStatement {
  const numbered = numberParameters(sql);
  const given = new Map(parameters.map((parameter) => [parameter.name, parameter] as const));
  return {
    sql: numbered.sql,
    parameters: numbered.names.map((name) => {
      const parameter = given.get(name);
      if (parameter === undefined) throw badRequest(`Cannot find parameter: ${name}`);
      return typed(parameter);
    }),
  };
}

function typed({ name, value, typeHint }: SqlParameter): Parameter {
  if ("isNull" in value) return { type: typeHint === undefined ? inferred : hinted[typeHint], text: null };
  if ("booleanValue" in value) return { type: typeIds.bool, text: String(value.booleanValue) };
  if ("longValue" in value) return { type: typeIds.int8, text: String(value.longValue) };
  if ("doubleValue" in value) return { type: typeIds.float8, text: String(value.doubleValue) };
  if ("blobValue" in value) {
    return { type: typeIds.bytea, text: `\\x${Buffer.from(value.blobValue, "base64").toString("hex")}` };
  }
  if ("arrayValue" in value) throw badRequest(`Array parameters are not supported: ${name}`);
  // A text that carries no hint is one for the server too: uuid = :id is refused, as on AWS, and wants a cast.
  return { type: typeHint === undefined ? typeIds.varchar : hinted[typeHint], text: value.stringValue };
}
