import { embedEach, type RequestSize } from "../../embedding/embed-each.ts";
import type { Embedder, VectorBytes } from "../../embedding/embedder.ts";
import { VectorUnusableError } from "../../embedding/embedding-errors.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import { type FailedRecord, failed } from "../records/failed-record.ts";
import type { IndexRecord } from "../records/record.ts";

const requestsInFlight = 4;

/** A distinct text, and the records that contain it. */
export interface Text {
  readonly text: string;
  readonly tokens: number;
  readonly records: IndexRecord[];
}

export interface Embedded {
  /** Vectors by text. */
  readonly vectors: ReadonlyMap<string, VectorBytes>;
  readonly refused: readonly FailedRecord[];
}

export interface EmbedLimits {
  readonly tokensPerRequest: number;
  readonly requestSize: RequestSize;
}

/**
 * Embeds each distinct text once, in few, full requests. Records whose text the provider refuses, or for which it
 * returns an invalid vector, fail; the others proceed. `embedded` receives the number of embedded records. Throws
 * errors that no single text causes, after all requests in flight have ended.
 */
export async function embedRecords(
  records: readonly IndexRecord[],
  embedder: Embedder,
  limits: EmbedLimits,
  embedded: (records: number) => Promise<void> = async () => {},
): Promise<Embedded> {
  const vectors = new Map<string, VectorBytes>();
  const refused: FailedRecord[] = [];
  await inParallel(requestsFor(records, limits), requestsInFlight, async (texts) => {
    const answers = await embedEach(
      texts.map(({ text }) => text),
      embedder,
      limits.requestSize,
    );
    answers.forEach(({ vector, refusal }, position) => {
      const text = texts[position] as Text;
      if (vector !== undefined) vectors.set(text.text, vector);
      else
        refused.push(...text.records.map(({ origin }) => failed(origin, reasonOf(refusal), refusal.message)));
    });
    await embedded(texts.reduce((count, text) => count + text.records.length, 0));
  });
  return { vectors, refused };
}

/** The requests that embed these records: each distinct text once. */
export function requestsFor(records: readonly IndexRecord[], limits: EmbedLimits): Text[][] {
  return requestsOf(distinct(records), limits);
}

function reasonOf(refusal: Error): FailedRecord["reason"] {
  return refusal instanceof VectorUnusableError ? "vector_unusable" : "refused_by_model";
}

function distinct(records: readonly IndexRecord[]): Text[] {
  const texts = new Map<string, Text>();
  for (const record of records) {
    const known = texts.get(record.text);
    if (known) known.records.push(record);
    else texts.set(record.text, { text: record.text, tokens: record.tokens, records: [record] });
  }
  return [...texts.values()];
}

function requestsOf(texts: readonly Text[], { tokensPerRequest, requestSize }: EmbedLimits): Text[][] {
  const requests: Text[][] = [];
  let tokens = 0;
  for (const text of texts) {
    const last = requests.at(-1);
    if (last && last.length < requestSize.inputs && tokens + text.tokens <= tokensPerRequest) {
      last.push(text);
      tokens += text.tokens;
    } else {
      requests.push([text]);
      tokens = text.tokens;
    }
  }
  return requests;
}
