import type { Embedder, VectorBytes } from "../../embedding/embedder.ts";
import { EmbeddingRefused } from "../../embedding/embedding-failures.ts";
import { requestLimits } from "../../embedding/limits.ts";
import { inParallel } from "../../in-parallel.ts";
import { type FailedRecord, failed } from "../records/failed-record.ts";
import type { IndexRecord } from "../records/record.ts";

const requestsInFlight = 4;

/** A distinct text, and the records that have it. */
interface Text {
  readonly text: string;
  readonly tokens: number;
  readonly records: IndexRecord[];
}

export interface Embedded {
  /** By text. */
  readonly vectors: ReadonlyMap<string, VectorBytes>;
  readonly refused: readonly FailedRecord[];
}

/**
 * Embeds each distinct text once, in as few and as full requests as the provider takes. A request that the provider refuses
 * for its texts is halved until the text that is to blame stands alone: its records fail, all others go on. Throws
 * whatever else fails, once all requests under way have ended.
 */
export async function embedRecords(
  records: readonly IndexRecord[],
  embedder: Embedder,
  tokensPerRequest: number,
): Promise<Embedded> {
  const vectors = new Map<string, VectorBytes>();
  const refused: FailedRecord[] = [];
  await inParallel(requestsOf(distinct(records), tokensPerRequest), requestsInFlight, (texts) =>
    embedTexts(texts, embedder, vectors, refused),
  );
  return { vectors, refused };
}

async function embedTexts(
  texts: readonly Text[],
  embedder: Embedder,
  vectors: Map<string, VectorBytes>,
  refused: FailedRecord[],
): Promise<void> {
  try {
    const answer = await embedder.embed(texts.map(({ text }) => text));
    answer.forEach((vector, position) => {
      vectors.set(texts[position]?.text ?? "", vector);
    });
  } catch (error) {
    if (!(error instanceof EmbeddingRefused)) throw error;
    const [only, ...others] = texts;
    if (only && others.length === 0) {
      refused.push(...only.records.map(({ origin }) => failed(origin, "refused_by_model", error.message)));
      return;
    }
    const middle = Math.ceil(texts.length / 2);
    await embedTexts(texts.slice(0, middle), embedder, vectors, refused);
    await embedTexts(texts.slice(middle), embedder, vectors, refused);
  }
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

function requestsOf(texts: readonly Text[], tokensPerRequest: number): Text[][] {
  const requests: Text[][] = [];
  let tokens = 0;
  for (const text of texts) {
    const last = requests.at(-1);
    if (last && last.length < requestLimits.inputs && tokens + text.tokens <= tokensPerRequest) {
      last.push(text);
      tokens += text.tokens;
    } else {
      requests.push([text]);
      tokens = text.tokens;
    }
  }
  return requests;
}
