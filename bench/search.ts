import { ModelPool } from "../local/embeddings/model-pool.ts";
import { readCorpus } from "./search/corpus.ts";
import { searchBenchOptions, usage } from "./search/options.ts";
import { qualityOf } from "./search/quality.ts";
import { type Question, questionsOf } from "./search/questions.ts";
import { type ListName, listNames, rankers } from "./search/rankings.ts";
import { reportLines } from "./search/report.ts";

const textsPerCall = 512;

async function main(): Promise<void> {
  const options = searchBenchOptions(process.argv.slice(2));
  if (options.help) return console.log(usage);
  const receipts = await readCorpus(options.folder);
  const rows = receipts.flatMap((receipt) => receipt.rows);
  const questions = questionsOf(receipts).filter((_, index) => index % options.every === 0);
  console.log(
    `${receipts.length} receipts, ${rows.length} rows, ${questions.length} questions; the local model\n`,
  );
  const vectors = await embedded([...rows, ...questions].map(({ text }) => text));
  const lists = await rankers(rows, vectors.slice(0, rows.length));
  const ofEachList = <T>(value: (name: ListName) => T) =>
    Object.fromEntries(listNames.map((name) => [name, value(name)])) as Record<ListName, T>;
  const asked: { question: Question; hits: Record<ListName, number[]> }[] = [];
  for (const [index, question] of questions.entries()) {
    const vector = [...(vectors[rows.length + index] ?? [])];
    const found = new Map<ListName, number[]>();
    for (const name of listNames) found.set(name, await lists[name](question.text, vector));
    asked.push({ question, hits: ofEachList((name) => found.get(name) ?? []) });
  }
  const byKind = Map.groupBy(asked, ({ question }) => question.kind);
  const results = Array.from(byKind, ([kind, ofKind]) => ({
    kind,
    lists: ofEachList((name) => ofKind.map(({ question, hits }) => qualityOf(hits[name], question.relevant))),
  }));
  for (const line of reportLines(results)) console.log(line);
  for (const { question, hits } of byKind.get(options.misses ?? "") ?? []) {
    if (!question.relevant.has(hits.default[0] ?? -1)) console.log(miss(question, hits.default));
  }

  function miss({ text, relevant }: Question, hits: readonly number[]): string {
    const wanted = rows[[...relevant][0] ?? -1]?.text;
    return `${text}\n  found  ${hits
      .slice(0, 2)
      .map((row) => rows[row]?.text)
      .join(" | ")}\n  wanted ${wanted}`;
  }
}

async function embedded(texts: readonly string[]): Promise<Float32Array[]> {
  const pool = new ModelPool(() => undefined);
  const vectors: Float32Array[] = [];
  for (let from = 0; from < texts.length; from += textsPerCall) {
    const some = await pool.embed([...texts.slice(from, from + textsPerCall)]);
    vectors.push(...some.map(({ vector }) => floats(vector)));
  }
  await pool.close();
  return vectors;
}

function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / Float32Array.BYTES_PER_ELEMENT);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
