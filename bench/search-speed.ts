import { measureSpeed, type SpeedFigures } from "./search/speed/measure.ts";
import { searchSpeedOptions, usage } from "./search/speed/options.ts";
import { speedLines } from "./search/speed/report.ts";

async function main(): Promise<void> {
  const { help, counts, dimensions, requests, perSecond } = searchSpeedOptions(process.argv.slice(2));
  if (help) return console.log(usage);
  const figures: SpeedFigures[] = [];
  for (const count of counts) figures.push(await measureSpeed(count, dimensions, { requests, perSecond }));
  for (const line of speedLines(figures, perSecond)) console.log(line);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
