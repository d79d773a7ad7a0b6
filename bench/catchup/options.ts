import { Arguments, sizeOptions } from "../arguments.ts";

export interface CatchUpOptions {
  readonly help: boolean;
  /** Sizes of the files, in the order in which they run. */
  readonly rows: readonly number[];
  readonly dimensions: number;
  readonly rowsPerChunk: number;
  /** A sink whose rate is set beside that of Pinecone. */
  readonly comparedSink: "s3vectors" | undefined;
}

export const usage = `npm run bench:catchup -- [options]

Measures the catch-up system on the deployed local stack, beside a bare loop, with an embedding endpoint and an index that answer
at once: 10,000 and 100,000 rows, some of whose cells have several lines.

  --full    1,000,000 rows as well
  --rows N  a file of N rows instead
  --sink s3vectors
            the same files into S3 Vectors too, on a stack of its own, beside the rate into Pinecone
  --quick   2,000 rows of small vectors: shows that it runs, not how fast
  --help    this text

Ends with code 1 where a bound is missed. Fails where a row is not stored exactly once.`;

const command = new Arguments("bench:catchup");

/** Throws BadArgumentsError. */
export function catchUpOptions(args: readonly string[]): CatchUpOptions {
  const { help, full, quick, rows, sink } = command.parse(args, {
    ...sizeOptions,
    sink: { type: "string", default: "pinecone" },
  });
  if (sink !== "pinecone" && sink !== "s3vectors") throw command.bad(`--sink ${sink} is not s3vectors`);
  const comparedSink = sink === "pinecone" ? undefined : ("s3vectors" as const);
  if (quick) return { help, comparedSink, rows: [500, 1_500], dimensions: 64, rowsPerChunk: 200 };
  const usual = { help, comparedSink, dimensions: 1_536, rowsPerChunk: 2_048 };
  if (rows !== undefined) return { ...usual, rows: [command.wholeNumber("rows", rows)] };
  return { ...usual, rows: [10_000, 100_000, ...(full ? [1_000_000] : [])] };
}
