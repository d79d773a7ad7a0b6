import { type ApiCall, AwsError, type Reply } from "../../endpoint/service.ts";
import type { ObjectStore } from "./object-store.ts";
import type { S3Target } from "./operations.ts";
import { checksumHeader, readUpload } from "./upload.ts";

/**
 * PutObject, in the place of fauxqs's: it honours If-None-Match and If-Match, verifies digests and has no size limit.
 * Between the condition and the write nothing else runs, so of two conditional writers one wins.
 */
export async function putObject(
  objects: ObjectStore,
  call: ApiCall,
  { bucket, key }: S3Target,
): Promise<Reply> {
  const { body, checksum, digest } = await readUpload(call);
  const etag = `"${Buffer.from(await digest("MD5")).toString("hex")}"`;
  requireBucket(objects, bucket);
  checkConditions(objects, call, bucket, key);
  const stored = objects.putHashed(
    bucket,
    key,
    { body, etag },
    call.headers["content-type"] ?? "application/octet-stream",
    userMetadata(call),
    systemMetadata(call),
    checksum === undefined ? undefined : { ...checksum, type: "FULL_OBJECT" },
  );
  return {
    status: 200,
    headers: {
      etag: stored.etag,
      "x-amz-server-side-encryption": "AES256",
      ...(checksum === undefined
        ? {}
        : { [checksumHeader(checksum.algorithm)]: checksum.value, "x-amz-checksum-type": "FULL_OBJECT" }),
    },
    body: "",
  };
}

export function requireBucket(objects: ObjectStore, bucket: string): void {
  if (objects.hasBucket(bucket)) return;
  throw new AwsError(404, "NoSuchBucket", `The specified bucket does not exist: ${bucket}`);
}

function checkConditions(objects: ObjectStore, call: ApiCall, bucket: string, key: string): void {
  const { "if-none-match": ifNoneMatch, "if-match": ifMatch } = call.headers;
  const exists = objects.has(bucket, key);
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*") {
    throw new AwsError(501, "NotImplemented", "If-None-Match on a write takes only the value *.");
  }
  if (ifMatch !== undefined && !exists)
    throw new AwsError(404, "NoSuchKey", "The specified key does not exist.");
  const failed =
    (ifNoneMatch === "*" && exists) ||
    (ifMatch !== undefined && unquoted(ifMatch) !== unquoted(objects.headObject(bucket, key).etag));
  if (failed) {
    throw new AwsError(
      412,
      "PreconditionFailed",
      "At least one of the pre-conditions you specified did not hold",
    );
  }
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', "");
}

function userMetadata(call: ApiCall): Record<string, string> {
  const prefix = "x-amz-meta-";
  return Object.fromEntries(
    Object.entries(call.headers)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

function systemMetadata(call: ApiCall): Record<string, string> {
  const encoding = call.headers["content-encoding"]
    ?.split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "aws-chunked")
    .join(", ");
  const found = {
    contentLanguage: call.headers["content-language"],
    contentDisposition: call.headers["content-disposition"],
    cacheControl: call.headers["cache-control"],
    contentEncoding: encoding,
  };
  return Object.fromEntries(Object.entries(found).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}
