import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import ndjson from "ndjson";

/** One row per line, each ending with a newline. */
export function ndjsonFile(rows: Iterable<unknown>): Promise<Buffer> {
  return buffer(Readable.from(rows).pipe(ndjson.stringify()));
}
