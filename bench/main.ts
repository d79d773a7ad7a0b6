import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { indexSettings } from "../core/collections/chroma-vector-store.ts";
import { planLines } from "../core/receipts/planned-vectors.ts";
import { writeChromaLibrary } from "../infra/bundles/chroma-library.ts";
import { runChild, startService } from "./child.ts";
import type { StackOrders, StackOutcome } from "./deployed-stack.ts";
import { warmUp } from "./embeddings.ts";
import { type Measurement, measureInto } from "./measure.ts";
import { type BenchOptions, benchOptions, usage } from "./options.ts";
import { benchReceipts } from "./receipts.ts";
import { benchRecords } from "./records.ts";
import { measurementLine, stackLines, table, type Verdict, verdicts } from "./report.ts";

const model = "text-embedding-3-small";
const dimensions = 1_536;

async function bench(options: BenchOptions): Promise<Verdict[]> {
  const records = benchRecords(options.records);
  const folder = await mkdtemp(join(tmpdir(), "vectorkeep-bench-"));
  const endpoint = await startService("embeddings-endpoint.ts", [String(dimensions)]);
  try {
    const embeddingsUrl = `${endpoint.url}/v1`;
    await warmUp(
      embeddingsUrl,
      records.map(({ text }) => text),
    );
    const library = join(folder, "chroma.node");
    await writeChromaLibrary(library);
    const settings = { records, model, dimensions, embeddingsUrl, library, folder, rounds: options.rounds };
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
      await warmUp(embeddingsUrl, contextTexts(options.records));
      const orders: StackOrders = {
        records: options.records,
        model,
        dimensions,
        embeddingsUrl,
        library,
        folder,
      };
      const outcome = await runChild<StackOutcome>("deployed-stack.ts", { ...orders });
      console.log(`${stackLines(outcome, options.records)}\n`);
    }
    return all;
  } finally {
    await endpoint.stop();
    await rm(folder, { recursive: true });
  }
}

/** What the stack embeds for the same lines: each with the rows above and below it. */
function contextTexts(records: number): string[] {
  return benchReceipts(records).flatMap(({ lines }) => planLines(lines).map(({ text }) => text));
}

async function main(): Promise<void> {
  const options = benchOptions(process.argv.slice(2));
  if (options.help) return console.log(usage);
  console.log(
    `${options.records} texts, ${dimensions} dimensions, ${options.rounds} rounds; index: ${JSON.stringify(indexSettings)}; Node ${process.version}\n`,
  );
  const all = await bench(options);
  for (const { text } of all) console.log(text);
  if (all.some(({ pass }) => !pass)) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
