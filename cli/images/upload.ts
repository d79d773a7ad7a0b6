import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { imageExtensions } from "../../contract/images.ts";
import { inParallel } from "../../core/resilience/in-parallel.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";

const uploadsAtOnce = 8;

/** The path contains no image. */
export class NoImagesError extends VectorkeepError {
  constructor(path: string, options?: ErrorOptions) {
    super(
      `There is no image at ${path}.`,
      `Name a file or a folder with files of these types: ${imageExtensions.join(", ")}.`,
      options,
    );
  }
}

/** Uploads a file, or every image of a folder, as images of a user. Returns their keys. Throws NoImagesError. */
export async function uploadImages(
  path: string,
  userId: string,
  { s3, bucket }: { readonly s3: S3Client; readonly bucket: string },
): Promise<string[]> {
  const files = await imagesAt(path);
  const keys: string[] = [];
  await inParallel(files, uploadsAtOnce, async (file) => {
    const Key = `${userId}/${basename(file)}`;
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: await readFile(file) }));
    keys.push(Key);
  });
  return keys.sort();
}

/** Returns the files of a folder with the extension of an image, or the file itself. Throws NoImagesError. */
export async function imagesAt(path: string): Promise<string[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new NoImagesError(path, { cause });
  });
  if (!found.isDirectory()) return [path];
  const files = (await readdir(path)).filter(isImage).map((name) => join(path, name));
  if (files.length === 0) throw new NoImagesError(path);
  return files;
}

function isImage(name: string): boolean {
  return imageExtensions.some((extension) => name.toLowerCase().endsWith(`.${extension}`));
}
