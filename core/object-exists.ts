import { HeadObjectCommand, type S3Client } from "@aws-sdk/client-s3";

export async function objectExists(
  s3: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
): Promise<boolean> {
  try {
    await s3.send(new HeadObjectCommand(object));
    return true;
  } catch (error) {
    // The response of a HEAD request has no body, so the error code is not available.
    if ((error as Error).name === "NotFound") return false;
    throw error;
  }
}
