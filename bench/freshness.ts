import { measureFreshness } from "./freshness/measure.ts";
import { freshnessOptions, usage } from "./freshness/options.ts";
import { whole } from "./report.ts";
import { percentile } from "./statistics.ts";
import { withSurroundings } from "./surroundings.ts";

async function main(): Promise<void> {
  const options = freshnessOptions(process.argv.slice(2));
  if (options.help) return console.log(usage);
  const { seconds, labels, putSeconds, searches, generations } = await withSurroundings((surroundings) =>
    measureFreshness(options, surroundings),
  );
  const at = (of100: number) => `${percentile(seconds, of100).toFixed(2)} s`;
  console.log(
    [
      `${whole(labels)} labels in ${putSeconds.toFixed(1)} s (${(labels / putSeconds).toFixed(1)}/s); ${seconds.length} of them were searched for`,
      `${whole(searches)} searches, none of which failed, over ${generations} generations`,
      `from PutItem to the search that shows it: p50 ${at(50)}, p95 ${at(95)}, longest ${at(100)}`,
    ].join("\n"),
  );
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
