import { type PairedOptions, pairedOptions, usage } from "./paired/options.ts";
import { type Pair, pairedLines } from "./paired/report.ts";
import { type Figures, runOnce } from "./paired/run.ts";
import { withWorktree } from "./paired/worktree.ts";

/** Every other pair begins with the newer commit: what a machine does slower with time then weighs on both alike. */
async function measure({ against, pairs, figures, file, args }: PairedOptions): Promise<Pair[]> {
  return withWorktree(against, async (older) => {
    const measured: Pair[] = [];
    for (let number = 1; number <= pairs; number++) {
      const runIn = async (folder: string, name: string): Promise<Figures> => {
        const found = await runOnce(folder, file, args, figures);
        console.log(`${name}, run ${number} of ${pairs}: ${found.get("seconds")?.toFixed(1)} s`);
        return found;
      };
      const nowFirst = number % 2 === 0 ? await runIn(".", "now") : undefined;
      const before = await runIn(older, "before");
      measured.push({ before, now: nowFirst ?? (await runIn(".", "now")) });
    }
    return measured;
  });
}

async function main(): Promise<void> {
  const options = pairedOptions(process.argv.slice(2));
  if (options === undefined) return console.log(usage);
  for (const line of pairedLines(await measure(options))) console.log(line);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
