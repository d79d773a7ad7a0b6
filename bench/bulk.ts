import { measureBulk } from "./bulk/measure.ts";
import { bulkOptions, usage } from "./bulk/options.ts";
import { bulkVerdicts, runLines } from "./bulk/report.ts";

async function main(): Promise<void> {
  const options = bulkOptions(process.argv.slice(2));
  if (options.help) return console.log(usage);
  const run = await measureBulk(options);
  console.log(`${runLines(run)}\n`);
  for (const { pass, text } of bulkVerdicts(run)) {
    console.log(text);
    if (!pass) process.exitCode = 1;
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
