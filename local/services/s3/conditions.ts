import { AsyncLocalStorage } from "node:async_hooks";
import { S3Error } from "../../../node_modules/fauxqs/dist/common/errors.js";
import { type ApiCall, AwsError } from "../../protocol/service.ts";

type Headers = ApiCall["headers"];

/** The properties of an object that conditions use; undefined if there is no object. */
interface Existing {
  readonly etag: string;
  readonly lastModified: Date;
}

type Find = (bucket: string, key: string) => Existing | undefined;

const ofSource = "x-amz-copy-source-";
const headersOf: Readonly<Record<string, readonly string[]>> = {
  CompleteMultipartUpload: ["if-match", "if-none-match"],
  CopyObject: [
    "if-match",
    "if-none-match",
    ...["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"].map(
      (name) => `${ofSource}${name}`,
    ),
  ],
  DeleteObject: ["if-match"],
  GetObject: ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"],
  HeadObject: ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"],
  PutObject: ["if-match", "if-none-match"],
};
const conditional = /^(x-amz-copy-source-)?(x-amz-)?if-/;

/** The check of the call under way, which is made in the same turn as its write. */
const guard = new AsyncLocalStorage<() => void>();

/** Runs work that leads to a write; the check runs immediately before the write. */
export function guarded<Result>(check: () => void, work: () => Result): Result {
  return guard.run(check, work);
}

/** Runs the check; called immediately before a write. Throws an error that fauxqs renders. */
export function checkGuard(): void {
  try {
    guard.getStore()?.();
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new S3Error(error.code, error.message, error.status);
  }
}

/** A condition is kept or refused, never ignored. Throws NotImplemented for one that the operation does not have. */
export function requireKnownConditions(operation: string, { headers, body }: ApiCall): void {
  const known = headersOf[operation] ?? [];
  const unknown = Object.keys(headers).filter((name) => conditional.test(name) && !known.includes(name));
  const inBody =
    operation === "DeleteObjects" && /<(LastModifiedTime|Size|VersionId)>/.exec(body.toString("utf8"))?.[1];
  if (inBody) unknown.push(inBody);
  if (unknown.length === 0) return;
  throw new AwsError(
    501,
    "NotImplemented",
    `The local S3 does not keep ${unknown.join(", ")} of ${operation}.`,
  );
}

/** Checks If-Match and If-None-Match of a write. Throws PreconditionFailed, and NoSuchKey if there is no object. */
export function checkWrite(existing: Existing | undefined, headers: Headers): void {
  const { "if-none-match": ifNoneMatch, "if-match": ifMatch } = headers;
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*") {
    throw new AwsError(501, "NotImplemented", "If-None-Match on a write takes only the value *.");
  }
  if (ifMatch !== undefined && existing === undefined) {
    throw new AwsError(404, "NoSuchKey", "The specified key does not exist.");
  }
  if (ifNoneMatch === "*" && existing !== undefined) throw preconditionFailed();
  if (ifMatch !== undefined && !matches(existing, ifMatch)) throw preconditionFailed();
}

/** Checks If-Match of a delete; `*` matches any object. */
export function checkDelete(existing: Existing | undefined, ifMatch: string | undefined): void {
  if (ifMatch !== undefined && !matches(existing, ifMatch)) throw preconditionFailed();
}

/** Checks the conditions of a copy on its source and on the object that it replaces. */
export function checkCopy(find: Find, headers: Headers, target: { bucket: string; key: string }): void {
  const [bucket = "", ...rest] = copySource(headers).split("/");
  const source = find(bucket, rest.join("/"));
  if (source !== undefined) checkSource(source, headers);
  checkWrite(find(target.bucket, target.key), headers);
}

export function copySource(headers: Headers): string {
  return decodeURIComponent(headers["x-amz-copy-source"] ?? "").replace(/^\//, "");
}

function checkSource(source: Existing, headers: Headers): void {
  const ifMatch = headers[`${ofSource}if-match`];
  const ifNoneMatch = headers[`${ofSource}if-none-match`];
  const modifiedSince = secondsOf(headers[`${ofSource}if-modified-since`]);
  const unmodifiedSince = secondsOf(headers[`${ofSource}if-unmodified-since`]);
  const modified = Math.floor(source.lastModified.getTime() / 1000);
  const holds =
    (ifMatch === undefined || matches(source, ifMatch)) &&
    (ifNoneMatch === undefined || !matches(source, ifNoneMatch)) &&
    // If both are given, the ETag decides.
    (unmodifiedSince === undefined || ifMatch !== undefined || modified <= unmodifiedSince) &&
    (modifiedSince === undefined || ifNoneMatch !== undefined || modified > modifiedSince);
  if (!holds) throw preconditionFailed();
}

function matches(existing: Existing | undefined, etag: string): boolean {
  if (existing === undefined) return false;
  return etag === "*" || etag.replaceAll('"', "") === existing.etag.replaceAll('"', "");
}

function secondsOf(date: string | undefined): number | undefined {
  const time = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
}

function preconditionFailed(): AwsError {
  return new AwsError(
    412,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
  );
}
