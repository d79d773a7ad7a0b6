import { type ApiCall, AwsError, type Permission } from "../../protocol/service.ts";
import { copySource } from "./conditions.ts";
import { readDeletions } from "./delete-objects.ts";

/** The operation and target of an S3 call. */
export interface S3Target {
  readonly operation: string;
  /** Empty for ListBuckets. */
  readonly bucket: string;
  /** Empty for calls on the bucket itself. */
  readonly key: string;
}

/**
 * By level, method and sub-resource. Anything else is rejected, because fauxqs would handle it as a plain read or
 * write.
 */
const operations: Record<string, string> = {
  "service GET": "ListBuckets",
  "bucket PUT": "CreateBucket",
  "bucket HEAD": "HeadBucket",
  "bucket DELETE": "DeleteBucket",
  "bucket GET": "ListObjects",
  "bucket GET list-type": "ListObjectsV2",
  "bucket POST delete": "DeleteObjects",
  "bucket PUT lifecycle": "PutBucketLifecycleConfiguration",
  "bucket GET lifecycle": "GetBucketLifecycleConfiguration",
  "bucket DELETE lifecycle": "DeleteBucketLifecycle",
  "bucket PUT notification": "PutBucketNotificationConfiguration",
  "bucket GET notification": "GetBucketNotificationConfiguration",
  "object PUT": "PutObject",
  "object PUT copy": "CopyObject",
  "object GET": "GetObject",
  "object HEAD": "HeadObject",
  "object DELETE": "DeleteObject",
  "object GET attributes": "GetObjectAttributes",
  "object PUT tagging": "PutObjectTagging",
  "object GET tagging": "GetObjectTagging",
  "object DELETE tagging": "DeleteObjectTagging",
  "object POST uploads": "CreateMultipartUpload",
  "object PUT partNumber+uploadId": "UploadPart",
  "object POST uploadId": "CompleteMultipartUpload",
  "object DELETE uploadId": "AbortMultipartUpload",
};

/** Query fields that refine a call without changing its operation. */
const refinements = new Set([
  "prefix",
  "delimiter",
  "max-keys",
  "start-after",
  "continuation-token",
  "marker",
  "encoding-type",
  "fetch-owner",
  "x-id",
]);

/** Throws AwsError for a call that the local S3 does not have. */
export function readTarget(call: ApiCall): S3Target {
  const [bucket = "", ...rest] = call.url.pathname.slice(1).split("/");
  const key = decodeURIComponent(rest.join("/"));
  const level = bucket === "" ? "service" : key === "" ? "bucket" : "object";
  const subresources = [...call.url.searchParams.keys()].filter(
    (name) => !refinements.has(name) && !name.toLowerCase().startsWith("x-amz-"),
  );
  if (call.headers["x-amz-copy-source"] !== undefined) subresources.push("copy");
  const signature = [level, call.method, subresources.sort().join("+")].join(" ").trimEnd();
  const operation = operations[signature];
  if (operation === undefined) {
    throw new AwsError(501, "NotImplemented", `The local S3 does not have this call: ${signature}.`);
  }
  return { operation, bucket: decodeURIComponent(bucket), key };
}

/** Returns the permissions of the call, by operation; by default named like the operation. */
export function s3Permissions(call: ApiCall): Permission[] {
  const { operation, bucket, key } = readTarget(call);
  const onObject = (action: string): Permission => ({
    action: `s3:${action}`,
    resource: objectArn(bucket, key),
  });
  switch (operation) {
    case "ListBuckets":
      return [{ action: "s3:ListAllMyBuckets", resource: "*" }];
    case "HeadBucket":
      return [listPermission(bucket)];
    case "ListObjects":
    case "ListObjectsV2":
      return [{ ...listPermission(bucket), context: listContext(call) }];
    case "PutBucketLifecycleConfiguration":
    case "DeleteBucketLifecycle":
      return [{ action: "s3:PutLifecycleConfiguration", resource: bucketArn(bucket) }];
    case "GetBucketLifecycleConfiguration":
      return [{ action: "s3:GetLifecycleConfiguration", resource: bucketArn(bucket) }];
    case "PutBucketNotificationConfiguration":
      return [{ action: "s3:PutBucketNotification", resource: bucketArn(bucket) }];
    case "GetBucketNotificationConfiguration":
      return [{ action: "s3:GetBucketNotification", resource: bucketArn(bucket) }];
    case "CreateBucket":
    case "DeleteBucket":
      return [{ action: `s3:${operation}`, resource: bucketArn(bucket) }];
    case "HeadObject":
      return [onObject("GetObject")];
    case "GetObjectAttributes":
      return [onObject("GetObject"), onObject("GetObjectAttributes")];
    case "PutObject":
      return [
        onObject("PutObject"),
        ...(call.headers["x-amz-tagging"] ? [onObject("PutObjectTagging")] : []),
      ];
    case "CopyObject":
      return [readPermission(copySource(call.headers)), onObject("PutObject")];
    case "DeleteObject":
      // Reading the ETag requires the permission to read.
      return [
        onObject("DeleteObject"),
        ...(call.headers["if-match"] === undefined ? [] : [onObject("GetObject")]),
      ];
    case "CreateMultipartUpload":
    case "UploadPart":
    case "CompleteMultipartUpload":
      return [onObject("PutObject")];
    case "DeleteObjects":
      return readDeletions(call.body).map(({ key: each }) => ({
        action: "s3:DeleteObject",
        resource: objectArn(bucket, each),
      }));
    default:
      return [onObject(operation)];
  }
}

/** The permission that decides whether a missing key is 404 or 403. */
export function listPermission(bucket: string): Permission {
  return { action: "s3:ListBucket", resource: bucketArn(bucket), context: listContext() };
}

function listContext(call?: ApiCall): Record<string, string> {
  const asked = call?.url.searchParams;
  return { "s3:prefix": asked?.get("prefix") ?? "", "s3:delimiter": asked?.get("delimiter") ?? "" };
}

function bucketArn(bucket: string): string {
  return `arn:aws:s3:::${bucket}`;
}

function objectArn(bucket: string, key: string): string {
  return `arn:aws:s3:::${bucket}/${key}`;
}

function readPermission(source: string): Permission {
  return { action: "s3:GetObject", resource: `arn:aws:s3:::${source}` };
}
