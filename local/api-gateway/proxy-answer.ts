import { z } from "zod";
import type { Reply } from "../protocol/service.ts";

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const absent = z.null().transform(() => undefined);

/**
 * API Gateway accepts no other fields: a field such as `cookies` of the other payload format makes the response
 * malformed.
 */
const proxyAnswer = z.strictObject({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), scalar).or(absent).optional(),
  multiValueHeaders: z.record(z.string(), z.array(scalar)).or(absent).optional(),
  body: z.string().or(absent).optional(),
  isBase64Encoded: z.boolean().or(absent).optional(),
});

/** The HTTP reply of a function's proxy response; undefined for a malformed one. */
export function replyOf(payload: string): Reply | undefined {
  const parsed = proxyAnswer.safeParse(JSON.parse(payload));
  if (!parsed.success) return undefined;
  const { statusCode, headers = {}, multiValueHeaders = {}, body = "" } = parsed.data;
  const merged = new Map<string, string[]>([["content-type", ["application/json"]]]);
  for (const [name, value] of Object.entries(headers)) merged.set(name.toLowerCase(), [value]);
  // If a name is in both, the values of multiValueHeaders are used.
  for (const [name, values] of Object.entries(multiValueHeaders)) merged.set(name.toLowerCase(), values);
  for (const name of ["content-length", "transfer-encoding", "connection"]) merged.delete(name);
  return { status: statusCode, headers: Object.fromEntries(merged), body };
}
