import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { Arguments } from "./arguments.ts";
import { runChild } from "./child.ts";
import { measureFlow } from "./images/flow.ts";
import { labelledImages } from "./images/labelled.ts";
import { largeHeic, largeJpeg } from "./images/large-files.ts";
import type { ManyFigures } from "./images/many.ts";
import type { Orders, Outcome } from "./images/process-files.ts";
import { mean, pairedBootstrap } from "./images/quality.ts";
import type { SearchTimes } from "./images/search-times.ts";
import { randomFrom } from "./random.ts";
import { median, percentile } from "./statistics.ts";

const usage = `npm run bench:images -- [options]

Measures the image processor against a bare sharp loop, its memory, what the flow adds to its parts, the search against its
statement, and the quality of the three modes of search on labelled images.

  --folder PATH    images with a labels.json (samples/images)
  --rounds N       rounds of the processor (5)
  --searches N     searches that are timed (100)
  --many N         small images that are sent through the flow (500)
  --help           this text

Ends with code 1 where a target is missed.`;

const samples = join(import.meta.dirname, "../samples/images");
const command = new Arguments("bench:images");
/** Ratios hold on any machine; the peak leaves two thirds of the memory of the function free. */
const targets = { processor: 0.8, peakMiB: 512, search: 1.5 };

async function main(): Promise<void> {
  const { help, folder, rounds, searches, many } = command.parse(process.argv.slice(2), {
    help: { type: "boolean", default: false },
    folder: { type: "string", default: samples },
    rounds: { type: "string", default: "5" },
    searches: { type: "string", default: "100" },
    many: { type: "string", default: "500" },
  });
  if (help) return console.log(usage);
  const own = await mkdtemp(join(tmpdir(), "vectorkeep-bench-"));
  try {
    const labelled = await labelledImages(folder);
    await processorSpeed(labelled.files, command.wholeNumber("rounds", rounds));
    await largeInput(await largeJpeg(own));
    const heic = await largeHeic(own);
    if (heic === undefined)
      console.log("memory         HEIC is left out: heif-enc (libheif-examples) is missing");
    else await largeInput(heic);
    const stackFolder = join(own, "stack");
    const counts = {
      searches: command.wholeNumber("searches", searches),
      many: command.wholeNumber("many", many),
    };
    const { images, seconds, quality, search, ...flow } = await measureFlow(labelled, stackFolder, counts);
    console.log(`\nflow           ${images} images in ${seconds.toFixed(1)} s, OCR included`);
    overhead(flow.many);
    searchSpeed(search);
    console.log(`\n${labelled.questions.length} questions   nDCG@10    MRR`);
    for (const [mode, all] of Object.entries(quality)) {
      const [ndcg, mrr] = [mean(all.map((one) => one.ndcg)), mean(all.map((one) => one.mrr))];
      console.log(`${mode.padEnd(14)}   ${ndcg.toFixed(3)}  ${mrr.toFixed(3)}`);
    }
    const ndcgOf = (mode: keyof typeof quality) => quality[mode].map(({ ndcg }) => ndcg);
    const better = mean(ndcgOf("vector")) >= mean(ndcgOf("lexical")) ? "vector" : "lexical";
    const alone = ndcgOf(better);
    const differences = ndcgOf("hybrid").map((ndcg, index) => ndcg - (alone[index] ?? 0));
    const { low, high } = pairedBootstrap(differences, randomFrom(1));
    const interval = `[${low.toFixed(3)}, ${high.toFixed(3)}]`;
    judge(`hybrid - ${better}: ${mean(differences).toFixed(3)}, 95 % ${interval}`, high >= 0);
  } finally {
    await rm(own, { recursive: true });
  }
}

/** What the flow adds to what its parts cost alone. Its three functions overlap, so it may be less than nothing. */
function overhead({ images, flow, parts }: ManyFigures): void {
  const { sharp: rendering, providers, database } = parts;
  const rest = flow - rendering - providers - database;
  const ms = (value: number) => value.toFixed(1);
  console.log(
    `overhead       ${ms(rest)} ms per image: ${images} small images in ${ms(flow)} ms each, of which alone sharp ${ms(rendering)}, providers ${ms(providers)}, database ${ms(database)}`,
  );
}

/** What a search takes over HTTP beyond its function is the local gateway's, Lambda's and embedding model's. */
function searchSpeed(times: SearchTimes): void {
  const ratio = median(times.service) / median(times.statement);
  judge(
    `search p50     statement ${spread(times.statement)}, the whole function ${spread(times.service)}: ratio ${ratio.toFixed(2)}`,
    ratio <= targets.search,
  );
  console.log(
    `               over HTTP ${spread(times.overHttp)}: the local gateway, Lambda and embedding model too`,
  );
}

/** The median, and where the middle half lies. */
function spread(times: readonly number[]): string {
  const [low, high] = [percentile(times, 25), percentile(times, 75)];
  return `${median(times).toFixed(1)} ms (${low.toFixed(1)} to ${high.toFixed(1)})`;
}

/** HEIC needs libheif, which a bare sharp has not. */
async function processorSpeed(all: readonly string[], rounds: number): Promise<void> {
  const files = all.filter((file) => !/\.hei[cf]$/i.test(file));
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const bare = await processed({ way: "sharp", files });
    const own = await processed({ way: "processor", files });
    ratios.push(bare.seconds / own.seconds);
  }
  const ratio = median(ratios);
  judge(
    `processor      ${ratio.toFixed(2)} of a bare sharp loop over ${files.length} files`,
    ratio >= targets.processor,
  );
}

async function largeInput(file: string): Promise<void> {
  const { peakMiB, seconds } = await processed({ way: "processor", files: [file] });
  const what = `48 MP of ${extname(file).slice(1)} in ${seconds.toFixed(1)} s, peak ${Math.round(peakMiB)} MiB`;
  judge(`memory         ${what}`, peakMiB < targets.peakMiB);
}

function processed(orders: Orders): Promise<Outcome> {
  return runChild<Outcome>("images/process-files.ts", { ...orders });
}

function judge(line: string, isMet: boolean): void {
  console.log(`${line}${isMet ? "" : "   MISSED"}`);
  if (!isMet) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
