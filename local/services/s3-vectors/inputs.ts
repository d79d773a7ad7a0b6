import { z } from "zod";
import type { ApiCall } from "../../protocol/service.ts";
import { invalid } from "./errors.ts";

const bucket = { vectorBucketName: z.string().optional(), vectorBucketArn: z.string().optional() };
const index = { ...bucket, indexName: z.string().optional(), indexArn: z.string().optional() };
const bucketName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]$/, "is not a name of a vector bucket");
const indexName = z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]$/, "is not a name of an index");
const key = z.string().min(1).max(1024);
const keys = (most: number) => z.array(key).min(1).max(most);
/** NaN and infinities have no JSON number; the SDK writes them as text. */
const data = z.strictObject({ float32: z.array(z.union([z.number(), z.string()])) });
const page = (most: number) => ({
  maxResults: z.int().min(1).max(most).default(Math.min(most, 500)),
  nextToken: z.string().optional(),
});
const returned = { returnData: z.boolean().default(false), returnMetadata: z.boolean().default(false) };

/** The input schema of each action, with the documented limits of S3 Vectors. */
export const inputs = {
  CreateVectorBucket: z.strictObject({ vectorBucketName: bucketName }),
  GetVectorBucket: z.strictObject(bucket),
  ListVectorBuckets: z.strictObject({ ...page(500), prefix: z.string().optional() }),
  CreateIndex: z.strictObject({
    ...bucket,
    indexName,
    dataType: z.literal("float32"),
    dimension: z.int().min(1).max(4096),
    distanceMetric: z.enum(["cosine", "euclidean"]),
    metadataConfiguration: z
      .strictObject({ nonFilterableMetadataKeys: z.array(z.string().min(1).max(63)).min(1).max(10) })
      .optional(),
    tags: z.record(z.string(), z.string()).optional(),
  }),
  GetIndex: z.strictObject(index),
  DeleteIndex: z.strictObject(index),
  ListIndexes: z.strictObject({ ...bucket, ...page(500), prefix: z.string().optional() }),
  PutVectors: z.strictObject({
    ...index,
    vectors: z
      .array(z.strictObject({ key, data, metadata: z.record(z.string(), z.unknown()).optional() }))
      .min(1)
      .max(500),
  }),
  GetVectors: z.strictObject({ ...index, keys: keys(100), ...returned }),
  ListVectors: z.strictObject({
    ...index,
    ...page(1_000),
    segmentCount: z.int().min(1).max(16).default(1),
    segmentIndex: z.int().min(0).max(15).default(0),
    ...returned,
  }),
  DeleteVectors: z.strictObject({ ...index, keys: keys(500) }),
  QueryVectors: z.strictObject({
    ...index,
    topK: z.int().min(1).max(100),
    queryVector: data,
    filter: z.unknown().optional(),
    returnMetadata: z.boolean().default(false),
    returnDistance: z.boolean().default(false),
  }),
} as const;

export type Action = keyof typeof inputs;
export type Input<Name extends Action> = z.infer<(typeof inputs)[Name]>;

const parsed = new WeakMap<ApiCall, Record<string, unknown>>();

/** The body of a call, which is read once: it may have 20 MiB. Throws ValidationException. */
export function bodyOf(call: ApiCall): Record<string, unknown> {
  const known = parsed.get(call);
  if (known !== undefined) return known;
  const body = parseObject(call.body.toString("utf8") || "{}");
  parsed.set(call, body);
  return body;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text);
    if (body !== null && typeof body === "object" && !Array.isArray(body)) return { ...body };
  } catch {}
  throw invalid("The body of the request is not a JSON object");
}

/** Throws ValidationException. */
export function inputOf<Name extends Action>(action: Name, body: Record<string, unknown>): Input<Name> {
  const read = inputs[action].safeParse(body);
  if (!read.success) throw invalid(z.prettifyError(read.error));
  return read.data as Input<Name>;
}
