import { type ApiCall, AwsError, type Reply } from "../../protocol/service.ts";
import { checkWrite } from "./conditions.ts";
import type { ObjectStore } from "./object-store.ts";
import type { S3Target } from "./operations.ts";
import type { ObjectTags } from "./tagging.ts";
import { checksumHeader, readUpload } from "./upload.ts";

/**
 * PutObject, in the place of fauxqs's: it honours If-None-Match and If-Match, verifies digests and has no size limit.
 * Between the condition and the write nothing else runs, so of two conditional writers one wins.
 */
export async function putObject(
  objects: ObjectStore,
  call: ApiCall,
  { bucket, key }: S3Target,
  tags: ObjectTags,
): Promise<Reply> {
  const { body, checksum, digest } = await readUpload(call);
  const etag = `"${Buffer.from(await digest("MD5")).toString("hex")}"`;
  requireBucket(objects, bucket);
  checkWrite(objects.existing(bucket, key), call.headers);
  const stored = objects.putHashed(
    bucket,
    key,
    { body, etag },
    call.headers["content-type"] ?? "application/octet-stream",
    userMetadata(call),
    systemMetadata(call),
    checksum === undefined ? undefined : { ...checksum, type: "FULL_OBJECT" },
  );
  // In the same turn of the event loop, so that no request sees the object without its tags, and no other object gets
  // them.
  const tagging = call.headers["x-amz-tagging"];
  if (tagging !== undefined) tags.putHeader(stored, tagging);
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
