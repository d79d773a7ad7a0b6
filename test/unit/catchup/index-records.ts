import type { IndexRecord } from "../../../core/catchup/records/record.ts";

/** A record of row `n`. */
export function recordOf(n: number, text = `text ${n}`, changed: Partial<IndexRecord> = {}): IndexRecord {
  return {
    id: `12.${n}`,
    namespace: "v2",
    text,
    tokens: 2,
    metadata: { text, id: String(n) },
    origin: { row: n, source: { id: String(n), formatted_text: text }, misfit: undefined },
    ...changed,
  };
}
