import { paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import type { ItemState, ItemStates } from "../database/item-states.ts";
import { ImageKeyInvalidError, parseImageKey } from "../events/image-key.ts";
import { findingOf, type ImageFinding, type ImageReport } from "./image-finding.ts";

export interface VerifyImagesDeps {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly states: ItemStates;
}

/** Compares every image in the bucket with its item, the item's newest analysis and its vector. */
export async function verifyImages({ s3, bucket, states }: VerifyImagesDeps): Promise<ImageReport> {
  const items = new Map<string, ItemState>();
  for await (const item of states.all()) {
    if (item.bucket === bucket) items.set(item.object_key, item);
  }
  const left = new Map(items);
  const findings: ImageFinding[] = [];
  let objects = 0;
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket })) {
    for (const { Key: key = "", ETag: etag } of Contents) {
      if (!isImage(bucket, key)) continue;
      objects += 1;
      const item = items.get(key);
      left.delete(key);
      const finding = item === undefined ? missing(bucket, key) : compare(item, etag);
      if (finding !== undefined) findings.push(finding);
    }
  }
  findings.push(...[...left.values()].map((item) => ({ kind: "item-extra" as const, item })));
  return { objects, items: items.size, findings };
}

function missing(bucket: string, key: string): ImageFinding {
  return { kind: "item-missing", bucket, key };
}

function compare(item: ItemState, etag: string | undefined): ImageFinding | undefined {
  if (bare(item.etag) !== bare(etag)) {
    return { kind: "item-stale", bucket: item.bucket, key: item.object_key };
  }
  return findingOf(item);
}

function bare(etag: string | null | undefined): string | undefined {
  return etag?.replaceAll('"', "");
}

function isImage(bucket: string, key: string): boolean {
  try {
    parseImageKey(bucket, key);
    return true;
  } catch (error) {
    if (error instanceof ImageKeyInvalidError) return false;
    throw error;
  }
}
