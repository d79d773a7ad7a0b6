import { join } from "node:path";
import { Arguments } from "../arguments.ts";

export const usage = `Measures how many receipts get their merchant by themselves, and how often it is the right one.

  npm run bench:merchants [-- --folder FOLDER] [--part development|report|all] [--seed N] [--misses]

  --folder   of {image_id}/receipt-{id}/lines.ndjson and key.json, which has company and address
             (default: ../shared/data/receipts)
  --part     the seed halves the receipts: rules are developed on one half and reported on the other (default: report)
  --seed     halves them, and chooses those whose merchant is known (default: 1)
  --misses   prints each wrong and each missing merchant
  --help     this text
`;

const parts = ["development", "report", "all"] as const;
export type Part = (typeof parts)[number];

export interface MerchantsBenchOptions {
  readonly folder: string;
  readonly part: Part;
  readonly seed: number;
  readonly misses: boolean;
  readonly help: boolean;
}

/** Throws BadArgumentsError. */
export function merchantsBenchOptions(argv: readonly string[]): MerchantsBenchOptions {
  const line = new Arguments("bench:merchants");
  const values = line.parse(argv, {
    folder: { type: "string", default: join(import.meta.dirname, "../../../shared/data/receipts") },
    part: { type: "string", default: "report" },
    seed: { type: "string", default: "1" },
    misses: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  });
  const part = parts.find((one) => one === values.part);
  if (part === undefined) throw line.bad(`--part is one of ${parts.join(", ")}, not ${values.part}`);
  const { folder, misses, help } = values;
  return { folder, part, seed: line.wholeNumber("seed", values.seed), misses, help };
}
