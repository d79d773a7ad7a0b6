import { element, textElement } from "../../endpoint/xml.ts";
import {
  AccessDeniedError,
  type ApiCall,
  AwsError,
  type LocalService,
  type Reply,
} from "../../protocol/service.ts";
import type { FauxqsWire } from "../fauxqs/wire.ts";

import {
  checkCopy,
  checkDelete,
  checkWrite,
  copySource,
  guarded,
  requireKnownConditions,
} from "./conditions.ts";
import { deleteObjects } from "./delete-objects.ts";
import { getNotification, putNotification } from "./notification.ts";
import { objectKeeper } from "./object-keeper.ts";
import type { ObjectStore } from "./object-store.ts";
import { listPermission, readTarget, type S3Target, s3Permissions } from "./operations.ts";
import { putObject, requireBucket } from "./put-object.ts";
import { ObjectTags } from "./tagging.ts";
import { checksumHeader, readUpload } from "./upload.ts";

export type S3Wire = FauxqsWire & { readonly objects: ObjectStore };

/** Amazon S3: fauxqs, with our own writes, listings and tags where it differs from AWS. */
export function s3Service(fauxqs: S3Wire): LocalService {
  const tags = new ObjectTags();
  return {
    names: ["s3"],
    keeper: objectKeeper(fauxqs.objects, tags),
    permissions: s3Permissions,
    async handle(call) {
      const target = readTarget(call);
      requireKnownConditions(target.operation, call);
      hideMissingKey(fauxqs.objects, call, target);
      switch (target.operation) {
        case "PutObject":
          return putObject(fauxqs.objects, call, target, tags);
        case "PutObjectTagging":
        case "GetObjectTagging":
        case "DeleteObjectTagging":
          return handleTagging(fauxqs.objects, tags, call, target);
        case "UploadPart":
          return uploadPart(fauxqs, call);
        case "CopyObject":
          return copyObject(fauxqs, tags, call, target);
        case "CompleteMultipartUpload": {
          const check = () => checkWrite(fauxqs.objects.existing(target.bucket, target.key), call.headers);
          return guarded(check, () => forward(fauxqs, call, call.body, call.headers));
        }
        case "DeleteObject": {
          const check = () =>
            checkDelete(fauxqs.objects.existing(target.bucket, target.key), call.headers["if-match"]);
          return guarded(check, () => forward(fauxqs, call, call.body, call.headers));
        }
        case "DeleteObjects":
          requireBucket(fauxqs.objects, target.bucket);
          return deleteObjects(fauxqs.objects, call, target.bucket);
        case "PutBucketNotificationConfiguration":
          requireBucket(fauxqs.objects, target.bucket);
          return putNotification(fauxqs.objects, target.bucket, (await readUpload(call)).body);
        case "GetBucketNotificationConfiguration":
          requireBucket(fauxqs.objects, target.bucket);
          return getNotification(fauxqs.objects, target.bucket);
        default:
          return forward(fauxqs, call, call.body, call.headers);
      }
    },
    renderError(error) {
      const denied = error instanceof AccessDeniedError;
      const code = denied ? "AccessDenied" : error.code;
      return {
        status: error.status,
        headers: { "content-type": "application/xml" },
        body: `<?xml version="1.0" encoding="UTF-8"?>${element("Error", textElement("Code", code), textElement("Message", error.message))}`,
      };
    },
  };
}

/** Without s3:ListBucket, S3 answers 403 for a missing key, so that callers cannot find out which keys exist. */
function hideMissingKey(objects: ObjectStore, call: ApiCall, { operation, bucket, key }: S3Target): void {
  const reads = ["GetObject", "HeadObject", "GetObjectAttributes", "GetObjectTagging"];
  if (!reads.includes(operation) || !objects.hasBucket(bucket) || objects.has(bucket, key)) return;
  const permission = listPermission(bucket);
  if (call.caller.allows(permission)) return;
  throw new AccessDeniedError(
    call.caller,
    permission,
    `because no identity-based policy allows the ${permission.action} action`,
  );
}

/** The copy has the tags of its source, or those that the call says instead. */
async function copyObject(fauxqs: S3Wire, tags: ObjectTags, call: ApiCall, target: S3Target): Promise<Reply> {
  const find = (bucket: string, key: string) => fauxqs.objects.existing(bucket, key);
  const [bucket = "", ...rest] = copySource(call.headers).split("/");
  let source: ReturnType<typeof find>;
  const check = () => {
    checkCopy(find, call.headers, target);
    source = find(bucket, rest.join("/"));
  };
  const reply = await guarded(check, () => forward(fauxqs, call, call.body, call.headers));
  const copy = find(target.bucket, target.key);
  if (reply.status !== 200 || copy === undefined) return reply;
  if (call.headers["x-amz-tagging-directive"] === "REPLACE")
    tags.putHeader(copy, call.headers["x-amz-tagging"] ?? "");
  else if (source !== undefined) tags.copy(source, copy);
  return reply;
}

async function handleTagging(
  objects: ObjectStore,
  tags: ObjectTags,
  call: ApiCall,
  target: S3Target,
): Promise<Reply> {
  requireBucket(objects, target.bucket);
  if (!objects.has(target.bucket, target.key)) {
    throw new AwsError(404, "NoSuchKey", "The specified key does not exist.");
  }
  const object = objects.headObject(target.bucket, target.key);
  switch (target.operation) {
    case "PutObjectTagging":
      tags.put(object, (await readUpload(call)).body.toString("utf8"));
      return { status: 200, headers: {}, body: "" };
    case "DeleteObjectTagging":
      tags.delete(object);
      return { status: 204, headers: {}, body: "" };
    default:
      return { status: 200, headers: { "content-type": "application/xml" }, body: tags.get(object) };
  }
}

/** In the place of fauxqs's, which takes parts of at most 11 MiB. */
async function uploadPart(fauxqs: S3Wire, call: ApiCall): Promise<Reply> {
  if (call.headers["x-amz-copy-source"] !== undefined) return forward(fauxqs, call, call.body, call.headers);
  const { body, checksum } = await readUpload(call);
  const query = call.url.searchParams;
  const uploadId = query.get("uploadId") ?? "";
  if (!fauxqs.objects.isUploading(uploadId)) {
    throw new AwsError(404, "NoSuchUpload", `The specified upload does not exist: ${uploadId}`);
  }
  const number = Number(query.get("partNumber"));
  const { etag } = fauxqs.objects.uploadPart(uploadId, number, body, checksum?.value);
  return {
    status: 200,
    headers: { etag, ...(checksum && { [checksumHeader(checksum.algorithm)]: checksum.value }) },
    body: "",
  };
}

function forward(
  fauxqs: S3Wire,
  call: ApiCall,
  body: Buffer,
  headers: Readonly<Record<string, string>>,
): Promise<Reply> {
  return fauxqs.request({
    method: call.method,
    path: `${call.url.pathname}${call.url.search}`,
    headers,
    body,
  });
}
