import { indexSettings } from "../core/collections/chroma/chroma-vector-store.ts";
import { planLines } from "../core/receipts/planned-vectors.ts";
import { measureStack } from "./deployed-stack.ts";
import { warmUp } from "./embeddings.ts";
import { type Measurement, measureInto } from "./measure.ts";
import { type BenchOptions, benchOptions, usage } from "./options.ts";
import { benchReceipts } from "./receipts.ts";
import { benchRecords } from "./records.ts";
import { measurementLine, stackLines, table, type Verdict, verdicts } from "./report.ts";
import { dimensions, type Surroundings, withSurroundings } from "./surroundings.ts";

async function bench(options: BenchOptions, surroundings: Surroundings): Promise<Verdict[]> {
  const records = benchRecords(options.records);
  const { embeddingsUrl } = surroundings;
  await warmUp(
    embeddingsUrl,
    records.map(({ text }) => text),
  );
  const settings = { ...surroundings, records, rounds: options.rounds };
  const all: Verdict[] = [];
  for (const sink of options.sinks) {
    const measurements: Measurement[] = [];
    for await (const measured of measureInto(sink, settings)) {
      measurements.push(measured);
      console.log(measurementLine(measured));
    }
    console.log(`\n${table(sink, measurements)}\n`);
    all.push(...verdicts(sink, measurements));
  }
  if (options.stack) {
    await warmUp(embeddingsUrl, stackTexts(options.records));
    const outcome = await measureStack(options.records, surroundings);
    console.log(`${stackLines(outcome, options.records)}\n`);
  }
  return all;
}

/** What the stack embeds for the same lines: each as its visual row. */
function stackTexts(records: number): string[] {
  return benchReceipts(records).flatMap(({ lines, words }) =>
    planLines(lines, words).map(({ text }) => text),
  );
}

async function main(): Promise<void> {
  const options = benchOptions(process.argv.slice(2));
  if (options.help) return console.log(usage);
  console.log(
    `${options.records} texts, ${dimensions} dimensions, ${options.rounds} rounds; index: ${JSON.stringify(indexSettings)}; Node ${process.version}\n`,
  );
  const all = await withSurroundings((surroundings) => bench(options, surroundings));
  for (const { text } of all) console.log(text);
  if (all.some(({ pass }) => !pass)) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
