import { measureCatchUp, measureS3Vectors } from "./catchup/measure.ts";
import { catchUpOptions, usage } from "./catchup/options.ts";
import { loadLines, runLines, sinkVerdicts, verdicts } from "./catchup/report.ts";

async function main(): Promise<void> {
  const options = catchUpOptions(process.argv.slice(2));
  if (options.help) return console.log(usage);
  const { runs, load } = await measureCatchUp(options, (run) => console.log(`${runLines(run)}\n`));
  console.log(`${loadLines(load)}\n`);
  const compared = options.comparedSink ? sinkVerdicts(runs, await measureS3Vectors(options)) : [];
  for (const { pass, text } of [...verdicts(runs, load), ...compared]) {
    console.log(text);
    if (!pass) process.exitCode = 1;
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
