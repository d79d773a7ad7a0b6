import type { ReplacedRow } from "./last-rows.ts";
import type { ObjectStore } from "./object-store.ts";
import type { Chunk, Plan } from "./plan.ts";

/** Two little-endian 32-bit numbers: a row, and the later one that replaces it. Sorted by row. */
const bytesPerRow = 8;

/** The encoded rows, and the chunks with their byte ranges in them. */
export function encodeReplaced(
  replaced: readonly ReplacedRow[],
  chunks: readonly Chunk[],
): { readonly bytes: Buffer; readonly chunks: Chunk[] } {
  const bytes = Buffer.alloc(replaced.length * bytesPerRow);
  replaced.forEach(({ row, by }, index) => {
    bytes.writeUInt32LE(row, index * bytesPerRow);
    bytes.writeUInt32LE(by, index * bytesPerRow + 4);
  });
  let next = 0;
  const withBytes = chunks.map((chunk): Chunk => {
    const first = next;
    while (next < replaced.length && (replaced[next]?.row ?? 0) < chunk.first_row + chunk.rows) next += 1;
    return first === next ? chunk : { ...chunk, replaced: [first * bytesPerRow, next * bytesPerRow - 1] };
  });
  return { bytes, chunks: withBytes };
}

/** For each replaced row of a chunk, the number of the row that replaces it. */
export async function replacedOf(chunk: Chunk, plan: Plan, work: ObjectStore): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  if (chunk.replaced === undefined || plan.replaced === undefined) return found;
  const [first, last] = chunk.replaced;
  const read = await work.readRange(plan.replaced.key, plan.replaced.etag, first, last);
  const bytes = Buffer.from(read.buffer, read.byteOffset, read.byteLength);
  for (let at = 0; at < bytes.length; at += bytesPerRow) {
    found.set(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4));
  }
  return found;
}
