import { Arguments } from "../arguments.ts";
import { wordsPerReceipt } from "./word-receipts.ts";

export interface ChangesOptions {
  readonly help: boolean;
  readonly receipts: number;
  readonly changes: number;
}

export const usage = `npm run bench:changes -- [options]

Measures change sync: stream records to messages, and label changes through the deployed local stack into the published
collection of words.

  --changes N   label changes, one a word (10000)
  --receipts N  receipts of ${wordsPerReceipt} words (500)
  --help        this text

Ends with code 1 where a bound is missed, or the published words are not what the label items imply.`;

const command = new Arguments("bench:changes");

/** Throws BadArgumentsError. */
export function changesOptions(args: readonly string[]): ChangesOptions {
  const { help, changes, receipts } = command.parse(args, {
    help: { type: "boolean", default: false },
    changes: { type: "string", default: "10000" },
    receipts: { type: "string", default: "500" },
  });
  const options = {
    help,
    changes: command.wholeNumber("changes", changes),
    receipts: command.wholeNumber("receipts", receipts),
  };
  const words = options.receipts * wordsPerReceipt;
  if (options.changes > words) throw command.bad(`${receipts} receipts have ${words} words, one a change`);
  return options;
}
