import { decodeAwsChunked } from "../../../node_modules/fauxqs/dist/s3/chunkedEncoding.js";
import { checksumAlgorithms, type DigestAlgorithm, digestOf } from "../../protocol/digest.ts";
import { type ApiCall, AwsError } from "../../protocol/service.ts";

export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** base64 */
  readonly value: string;
}

/** The bytes of a PutObject or UploadPart, unframed and equal to every digest that came with them. */
export interface Upload {
  readonly body: Buffer;
  readonly checksum: Checksum | undefined;
  digest(algorithm: DigestAlgorithm): Promise<Uint8Array>;
}

const unsupported = ["crc32c", "crc64nvme"];

/** Throws AwsError: IncompleteBody, BadDigest, or NotImplemented for an algorithm that Node does not have. */
export async function readUpload(call: ApiCall): Promise<Upload> {
  const { body, trailers } = unframe(call);
  const headers: Record<string, string> = { ...call.headers, ...trailers };
  for (const name of unsupported) {
    if (headers[checksumHeader(name)] === undefined) continue;
    throw new AwsError(
      501,
      "NotImplemented",
      `The local S3 cannot verify ${name}; use CRC32, SHA1 or SHA256.`,
    );
  }
  const digest = async (algorithm: DigestAlgorithm) => call.digests?.[algorithm] ?? digestOf(body, algorithm);
  const md5 = headers["content-md5"];
  if (md5 !== undefined) verifyMd5(await digest("MD5"), md5);
  const claimed = checksumAlgorithms.flatMap((algorithm) => {
    const value = headers[checksumHeader(algorithm)];
    return value === undefined ? [] : [{ algorithm, value }];
  });
  for (const checksum of claimed) verifyChecksum(await digest(checksum.algorithm), checksum);
  return { body, checksum: claimed[0], digest };
}

export function checksumHeader(algorithm: string): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

function unframe(call: ApiCall): { body: Buffer; trailers: Record<string, string> } {
  if (!call.headers["content-encoding"]?.includes("aws-chunked")) return { body: call.body, trailers: {} };
  const decoded = decodeAwsChunked(call.body);
  const promised = call.headers["x-amz-decoded-content-length"];
  if (promised !== undefined && Number(promised) !== decoded.body.length) {
    throw new AwsError(
      400,
      "IncompleteBody",
      `The request body has ${decoded.body.length} bytes, and its header promised ${promised}.`,
    );
  }
  return decoded;
}

function verifyMd5(md5: Uint8Array, claimed: string): void {
  if (Buffer.from(md5).toString("base64") === claimed) return;
  throw new AwsError(400, "BadDigest", "The Content-MD5 you specified did not match what we received.");
}

function verifyChecksum(digest: Uint8Array, { algorithm, value }: Checksum): void {
  if (Buffer.from(digest).toString("base64") === value) return;
  throw new AwsError(
    400,
    "BadDigest",
    `The ${algorithm} you specified did not match the calculated checksum.`,
  );
}
