import * as z from "zod";
import { AwsError } from "../../protocol/service.ts";

const numbers = z.array(z.number().nullable());
const field = z.union([
  z.strictObject({ isNull: z.boolean() }),
  z.strictObject({ booleanValue: z.boolean() }),
  z.strictObject({ longValue: z.number().int() }),
  z.strictObject({ doubleValue: z.number() }),
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ blobValue: z.base64() }),
  z.strictObject({ arrayValue: z.looseObject({ longValues: numbers.optional() }) }),
]);

const parameter = z.object({
  name: z.string(),
  value: field,
  typeHint: z.enum(["DATE", "DECIMAL", "JSON", "TIME", "TIMESTAMP", "UUID"]).optional(),
});

const cluster = { resourceArn: z.string().min(1), secretArn: z.string().min(1) };
const database = { ...cluster, database: z.string().optional() };
const transaction = { transactionId: z.string().min(1) };
const sql = z.string().min(1).max(65_536);

/** Input schemas by the path of the operation. Unsupported inputs are rejected. */
export const inputs = {
  "/Execute": z.strictObject({
    ...database,
    sql,
    parameters: z.array(parameter).default([]),
    transactionId: transaction.transactionId.optional(),
    includeResultMetadata: z.boolean().default(false),
    continueAfterTimeout: z.boolean().optional(),
    formatRecordsAs: z.enum(["NONE", "JSON"]).default("NONE"),
    resultSetOptions: z
      .strictObject({
        decimalReturnType: z.enum(["STRING", "DOUBLE_OR_LONG"]).default("STRING"),
        longReturnType: z.enum(["LONG", "STRING"]).default("LONG"),
      })
      .default({ decimalReturnType: "STRING", longReturnType: "LONG" }),
  }),
  "/BatchExecute": z.strictObject({
    ...database,
    sql,
    parameterSets: z.array(z.array(parameter)).default([[]]),
    transactionId: transaction.transactionId.optional(),
  }),
  "/BeginTransaction": z.strictObject(database),
  "/CommitTransaction": z.strictObject({ ...cluster, ...transaction }),
  "/RollbackTransaction": z.strictObject({ ...cluster, ...transaction }),
};

export type Path = keyof typeof inputs;
export type Input<P extends Path> = z.infer<(typeof inputs)[P]>;
export type SqlParameter = z.infer<typeof parameter>;
export type ResultSetOptions = Input<"/Execute">["resultSetOptions"];

/** Throws BadRequestException. */
export function readInput<P extends Path>(path: P, body: Buffer): Input<P> {
  const parsed = inputs[path].safeParse(jsonOf(body));
  if (parsed.success) return parsed.data as Input<P>;
  throw badRequest(z.prettifyError(parsed.error));
}

export function badRequest(message: string): AwsError {
  return new AwsError(400, "BadRequestException", message);
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw badRequest("The request's body is not JSON.");
  }
}
