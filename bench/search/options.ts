import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

export const usage = `Asks questions of labelled receipts and measures whether the search finds the rows that answer them.

  npm run bench:search [-- FOLDER] [--every N] [--misses KIND]

  FOLDER     of {image_id}/receipt-{id}/lines.ndjson and key.json; ../shared/data/receipts where it is there,
             else samples/receipts
  --every    asks every Nth question only (default: all)
  --misses   prints the questions of a kind whose first hit is wrong
  --help     this text
`;

export interface SearchBenchOptions {
  readonly folder: string;
  readonly every: number;
  readonly misses: string | undefined;
  readonly help: boolean;
}

const root = join(import.meta.dirname, "../..");
const scans = join(root, "../shared/data/receipts");

export function searchBenchOptions(argv: readonly string[]): SearchBenchOptions {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      every: { type: "string", default: "1" },
      misses: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const every = Number(values.every);
  if (!Number.isInteger(every) || every < 1)
    throw new RangeError(`--every takes a whole number from 1, not ${values.every}.`);
  const folder = positionals[0] ?? (existsSync(scans) ? scans : join(root, "samples/receipts"));
  return { folder, every, misses: values.misses, help: values.help };
}
