import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { HeadObjectCommand, NotFound, type S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";

/** The file cannot be read. */
export class FileUnreadableError extends VectorkeepError {
  constructor(file: string, cause: unknown) {
    super(`The file ${file} cannot be read.`, "Name a CSV file, gzip or not.", { cause });
  }
}

/**
 * Uploads a file under a key that is derived from its content, unless it is already there: tasks with the same content
 * share the object. Returns the key. Throws FileUnreadableError.
 */
export async function upload(
  file: string,
  bucket: string,
  s3: S3Client,
  onProgress: (bytes: number, of: number) => void,
): Promise<string> {
  const { digest, size } = await contentOf(file);
  const place = { Bucket: bucket, Key: `uploads/${digest}.csv` };
  if (await isThere(place, s3)) return place.Key;
  const sending = new Upload({
    client: s3,
    params: { ...place, Body: createReadStream(file), ContentType: "text/csv" },
  });
  sending.on("httpUploadProgress", ({ loaded = 0 }) => onProgress(loaded, size));
  await sending.done();
  return place.Key;
}

async function contentOf(file: string): Promise<{ digest: string; size: number }> {
  const sum = createHash("sha256");
  try {
    const { size } = await stat(file);
    await pipeline(createReadStream(file), sum);
    return { digest: sum.digest("hex"), size };
  } catch (cause) {
    throw new FileUnreadableError(file, cause);
  }
}

async function isThere(place: { Bucket: string; Key: string }, s3: S3Client): Promise<boolean> {
  try {
    await s3.send(new HeadObjectCommand(place));
    return true;
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}
