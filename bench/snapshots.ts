import { Arguments } from "./arguments.ts";
import { measureSnapshots } from "./snapshots/measure.ts";
import { memoryMiB } from "./snapshots/orders.ts";
import { dimensions, withPremises } from "./surroundings.ts";

const usage = `npm run bench:snapshots -- [options]

Publishes a collection, exports a snapshot of it into a local S3, and opens that by a Chroma server. Compares the export
with tar and zstd of the same files, which copies, checks and uploads nothing.

  --vectors N   vectors of the collection (100000)
  --help        this text

Ends with code 1 if the export takes more memory than its function has, or the snapshot does not have every vector.`;

const command = new Arguments("bench:snapshots");

async function main(): Promise<void> {
  const { help, vectors: text } = command.parse(process.argv.slice(2), {
    help: { type: "boolean", default: false },
    vectors: { type: "string", default: "100000" },
  });
  if (help) return console.log(usage);
  const vectors = command.wholeNumber("vectors", text, 2_000);
  const figures = await withPremises((premises) => measureSnapshots(vectors, premises));
  const { exported, bare, archiveBytes, bareBytes, databaseBytes, openSeconds, asked, found } = figures;
  const mib = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;
  console.log(
    `${figures.vectors} vectors of ${dimensions} dimensions: a database of ${mib(databaseBytes)}, an archive of ${mib(archiveBytes)}`,
  );
  judge(
    `export         ${exported.seconds.toFixed(1)} s, peak ${Math.round(exported.peakMiB)} of ${memoryMiB} MiB`,
    exported.peakMiB <= memoryMiB,
  );
  const ratio = exported.seconds / bare.seconds;
  console.log(
    `tar and zstd   ${bare.seconds.toFixed(1)} s, ${mib(bareBytes)}: the export takes ${ratio.toFixed(1)} times as long`,
  );
  judge(
    `opened         in ${openSeconds.toFixed(1)} s, ${found} of ${asked} vectors are found`,
    figures.vectors >= vectors && found === asked,
  );
}

function judge(line: string, isMet: boolean): void {
  console.log(`${line}${isMet ? "" : "   MISSED"}`);
  if (!isMet) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
