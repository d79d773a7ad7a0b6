import { Arguments } from "../arguments.ts";
import { wordsPerReceipt } from "../changes/word-receipts.ts";

export interface FreshnessOptions {
  readonly help: boolean;
  readonly receipts: number;
  readonly vectors: number;
  readonly load: number;
  readonly seconds: number;
  readonly perSecond: number;
}

export const usage = `npm run bench:freshness -- [options]

Measures how fresh a search is: from the PutItem of a label to the search that shows it, through the deployed local stack, while
labels are written at a steady rate.

  --receipts N    receipts of ${wordsPerReceipt} words that are published before (100)
  --vectors N     words of further receipts that are published before, without a fold (0)
  --load N        words of further receipts that are sent when the first label is written (0)
  --seconds N     for how long labels are written (20)
  --per-second N  labels per second (50)
  --help          this text`;

const command = new Arguments("bench:freshness");

/** Throws BadArgumentsError. */
export function freshnessOptions(args: readonly string[]): FreshnessOptions {
  const given = command.parse(args, {
    help: { type: "boolean", default: false },
    receipts: { type: "string", default: "100" },
    vectors: { type: "string", default: "0" },
    load: { type: "string", default: "0" },
    seconds: { type: "string", default: "20" },
    "per-second": { type: "string", default: "50" },
  });
  const options = {
    help: given.help,
    receipts: command.wholeNumber("receipts", given.receipts),
    vectors: command.wholeNumber("vectors", given.vectors, 0),
    load: command.wholeNumber("load", given.load, 0),
    seconds: command.wholeNumber("seconds", given.seconds),
    perSecond: command.wholeNumber("per-second", given["per-second"]),
  };
  const [words, labels] = [options.receipts * wordsPerReceipt, options.seconds * options.perSecond];
  if (labels > words)
    throw command.bad(
      `${options.receipts} receipts have ${words} words, and ${labels} labels are one per word`,
    );
  return options;
}
