import * as z from "zod";
import { digestLength, type VectorSpace } from "../chunks/stored-vectors.ts";
import { keysOf } from "../sources/keys.ts";
import type { ObjectStore } from "../sources/object-store.ts";

/** What each request of a batch asks for. A batch's answer names requests and positions, but no texts. */
const manifest = z.object({
  model: z.string(),
  dimensions: z.number().int(),
  requests: z.array(
    z.object({
      custom_id: z.string(),
      chunk: z.number().int(),
      tokens: z.number(),
      /** The digests of its texts, one after the other, as base64. */
      digests: z.string(),
    }),
  ),
});

export type Manifest = z.infer<typeof manifest>;
export type BatchRequest = Manifest["requests"][number];

export function digestsOf({ digests }: BatchRequest): Uint8Array[] {
  const bytes = Buffer.from(digests, "base64");
  return Array.from({ length: bytes.length / digestLength }, (_, position) =>
    bytes.subarray(position * digestLength, (position + 1) * digestLength),
  );
}

export function spaceOf({ model, dimensions }: Manifest): VectorSpace {
  return { model, dimensions };
}

export interface ManifestPlace {
  readonly taskId: string;
  readonly unit: number;
  /** Of the file of requests. */
  readonly digest: string;
}

export async function writeManifest(
  { taskId, unit, digest }: ManifestPlace,
  written: Manifest,
  work: ObjectStore,
): Promise<void> {
  await work.write(keysOf(taskId).manifest(unit, digest), JSON.stringify(written), "application/json");
}

/** Undefined if it was never written, or has expired. */
export async function readManifest(
  { taskId, unit, digest }: ManifestPlace,
  work: ObjectStore,
): Promise<Manifest | undefined> {
  const stored = await work.read(keysOf(taskId).manifest(unit, digest));
  return stored && manifest.parse(JSON.parse(Buffer.from(stored).toString()));
}
