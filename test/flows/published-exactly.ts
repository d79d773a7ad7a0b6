import { collections } from "../../contract/collections.ts";
import { decodeDelta } from "../../core/deltas/codec.ts";
import { deltaKey, deltaPrefix } from "../../core/deltas/keys.ts";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import type { OcrFiles } from "../../core/ingest/export-receipt.ts";
import { publishedVectors } from "./published.ts";
import type { RunningStack } from "./running-stack.ts";
import { planned } from "./sending.ts";

/** Chroma keeps vectors at length 1, so the last digits may differ. */
const lastDigits = 1e-5;

/** The published ids, documents and vectors are exactly those of the receipt's current deltas, and of its rows. */
export async function isPublishedExactly(stack: RunningStack, files: OcrFiles, runId: string): Promise<void> {
  const deltas = new S3DeltaStore(stack.s3, stack.outputs.deltasBucket);
  for (const collection of collections) {
    const bytes = await deltas.get(deltaKey(deltaPrefix({ collection, ...files, runId })));
    const delta = decodeDelta(bytes ?? new Uint8Array());
    const vectors = new Float32Array(Uint8Array.from(delta.vectors).buffer);
    const promised = planned(files)[collection];
    const published = await publishedVectors(stack, collection, [files]);
    expect([...published.keys()].sort()).toEqual(promised.map(({ id }) => id));
    promised.forEach(({ id, document }, place) => {
      const stored = published.get(id);
      expect(stored?.document).toBe(document);
      const vector = vectors.subarray(place * delta.dimensions, (place + 1) * delta.dimensions);
      expect(distance(vector, stored?.vector ?? new Float32Array())).toBeLessThan(lastDigits);
    });
  }
}

function distance(one: Float32Array, other: Float32Array): number {
  return Math.hypot(...one.map((value, index) => value - (other[index] ?? Number.NaN)));
}
