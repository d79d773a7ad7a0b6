import { changesOptions, usage } from "./changes/options.ts";
import { measureProcessing } from "./changes/processing.ts";
import {
  changesLines,
  changesVerdict,
  processingLines,
  processingVerdict,
  publishedVerdict,
} from "./changes/report.ts";
import { measureChanges } from "./changes/through-stack.ts";
import { withSurroundings } from "./surroundings.ts";

async function main(): Promise<void> {
  const options = changesOptions(process.argv.slice(2));
  if (options.help) return console.log(usage);
  const processing = measureProcessing();
  console.log(`${processingLines(processing)}\n`);
  const outcome = await withSurroundings((surroundings) => measureChanges(options, surroundings));
  console.log(`${changesLines(outcome)}\n`);
  const verdicts = [processingVerdict(processing), changesVerdict(outcome), publishedVerdict(outcome)];
  for (const { pass, text } of verdicts) {
    console.log(text);
    if (!pass) process.exitCode = 1;
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
