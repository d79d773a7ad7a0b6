import { Arguments, sizeOptions } from "../arguments.ts";

export interface BulkOptions {
  readonly help: boolean;
  readonly rows: number;
  readonly dimensions: number;
  readonly rowsPerChunk: number;
}

export const usage = `npm run bench:bulk -- [options]

Measures the workers of the bulk API on the deployed local stack, beside a bare loop and the state machine of the catch-up API in the same
run, with an embedding endpoint and an index that answer at once: 100,000 rows.

  --full    1,000,000 rows through the workers, 100,000 through what they are compared with: about ten minutes
  --rows N  a file of N rows instead
  --quick   2,000 rows of small vectors: shows that it runs, not how fast
  --help    this text

Ends with code 1 where a bound is missed. Fails where a row is missing, or stored twice by another than the workers, which tell how many.`;

const command = new Arguments("bench:bulk");

/** Throws BadArgumentsError. */
export function bulkOptions(args: readonly string[]): BulkOptions {
  const { help, full, quick, rows } = command.parse(args, sizeOptions);
  if (quick) return { help, rows: 2_000, dimensions: 64, rowsPerChunk: 100 };
  const usual = { help, dimensions: 1_536, rowsPerChunk: 2_048 };
  if (rows !== undefined) return { ...usual, rows: command.wholeNumber("rows", rows) };
  return { ...usual, rows: full ? 1_000_000 : 100_000 };
}
