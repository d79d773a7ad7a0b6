import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { Arguments } from "./arguments.ts";
import { runChild } from "./child.ts";
import { measureFlow } from "./images/flow.ts";
import { labelledImages } from "./images/labelled.ts";
import type { Orders, Outcome } from "./images/process-files.ts";
import { mean, pairedBootstrap } from "./images/quality.ts";
import { randomFrom } from "./random.ts";
import { median } from "./statistics.ts";

const usage = `npm run bench:images -- [options]

Measures the image processor against a bare sharp loop, its memory, the search against its statement, and the quality of
the three modes of search on labelled images.

  --folder PATH    images with a labels.json (samples/images)
  --rounds N       rounds of the processor (5)
  --searches N     searches that are timed (100)
  --help           this text

Ends with code 1 where a target is missed.`;

const samples = join(import.meta.dirname, "../samples/images");
const command = new Arguments("bench:images");
/** Ratios hold on any machine; the peak leaves two thirds of the memory of the function free. */
const targets = { processor: 0.8, peakMiB: 512, search: 1.5 };
/** The photos of current phones: 48 million pixels. */
const large = { width: 8_064, height: 6_048 };

async function main(): Promise<void> {
  const { help, folder, rounds, searches } = command.parse(process.argv.slice(2), {
    help: { type: "boolean", default: false },
    folder: { type: "string", default: samples },
    rounds: { type: "string", default: "5" },
    searches: { type: "string", default: "100" },
  });
  if (help) return console.log(usage);
  const own = await mkdtemp(join(tmpdir(), "vectorkeep-bench-"));
  try {
    const labelled = await labelledImages(folder);
    await processorSpeed(labelled.files, command.wholeNumber("rounds", rounds));
    await largeInput(own);
    const stackFolder = join(own, "stack");
    const { images, seconds, quality, search } = await measureFlow(
      labelled,
      stackFolder,
      command.wholeNumber("searches", searches),
    );
    console.log(`\nflow           ${images} images in ${seconds.toFixed(1)} s, OCR included`);
    const ratio = median(search.service) / median(search.statement);
    const times = `${median(search.service).toFixed(1)} ms, statement ${median(search.statement).toFixed(1)} ms`;
    judge(`search p50     ${times}, ratio ${ratio.toFixed(2)}`, ratio <= targets.search);
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

async function largeInput(folder: string): Promise<void> {
  const file = join(folder, "large.jpg");
  const noise = { type: "gaussian", mean: 128, sigma: 30 } as const;
  const image = sharp({ create: { ...large, channels: 3, background: "#808080", noise } });
  await writeFile(file, await image.jpeg().toBuffer());
  const { peakMiB, seconds } = await processed({ way: "processor", files: [file] });
  const what = `48 MP in ${seconds.toFixed(1)} s, peak ${Math.round(peakMiB)} MiB`;
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
