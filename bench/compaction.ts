import { indexSettings } from "../core/collections/chroma/chroma-vector-store.ts";
import { measureCompaction, type Round, type SmallCycle } from "./compaction/measure.ts";
import { type CompactionOptions, compactionOptions, usage } from "./compaction/options.ts";
import {
  bytesVerdict,
  costTable,
  mergeLines,
  mergeVerdict,
  openingLine,
  roundLine,
  timeVerdicts,
} from "./compaction/report.ts";
import { dimensions, type Premises, withPremises } from "./surroundings.ts";

async function bench(options: CompactionOptions, premises: Premises): Promise<void> {
  const rounds: Round[] = [];
  const cycles: SmallCycle[] = [];
  for await (const measured of measureCompaction(options, premises)) {
    if ("change" in measured) cycles.push(measured);
    else if ("coldSeconds" in measured) console.log(openingLine(measured));
    else {
      rounds.push(measured);
      console.log(roundLine(measured));
    }
  }
  const compared = rounds.filter(({ bareSeconds }) => bareSeconds !== undefined);
  console.log(`\n${mergeLines(compared)}\n\n${costTable(cycles)}\n`);
  const verdicts = [
    ...(options.judged ? [mergeVerdict(compared), ...timeVerdicts(cycles)] : []),
    bytesVerdict(cycles),
  ];
  for (const { pass, text } of verdicts) {
    console.log(text);
    if (!pass) process.exitCode = 1;
  }
}

async function main(): Promise<void> {
  const options = compactionOptions(process.argv.slice(2));
  if (options.help) return console.log(usage);
  console.log(
    `Up to ${options.sizes.at(-1)} vectors of ${dimensions} dimensions; index: ${JSON.stringify(indexSettings)}; Node ${process.version}\n`,
  );
  await withPremises((premises) => bench(options, premises));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
