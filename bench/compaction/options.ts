import { Arguments } from "../arguments.ts";
import { wordsPerReceipt } from "./word-deltas.ts";

export interface CompactionOptions {
  readonly help: boolean;
  /** Vectors of the collection when small changes are measured, smallest first. Grown by the smallest at a time. */
  readonly sizes: readonly number[];
  /** Growths that are measured beside bare upserts. */
  readonly rounds: number;
  /** Publishes of each kind at each size. */
  readonly repeats: number;
  /** Whether there is enough of everything for a verdict on the speed. */
  readonly judged: boolean;
}

export const usage = `npm run bench:compaction -- [options]

Measures compaction as a deployment runs it: publishing, then folding beside bare upserts into the same Chroma server, and
what the publish of a small change costs in collections of several sizes, in a cold and in a warm process.

  --sizes A,B,C  vectors of the collection at which small changes are measured; it grows by A at a time, so each is a
                 multiple of A, and all of ${wordsPerReceipt} (10000,50000,100000)
  --rounds N     growths that are measured beside bare upserts (5)
  --repeats N    publishes of each kind at each size (3)
  --quick        that all of it runs, in seconds and without a verdict on the speed: --sizes 200,400 --rounds 2 --repeats 1
  --help         this text

Ends with code 1 where folding or a small change is slower than it must be, or writes or reads more.`;

const command = new Arguments("bench:compaction");
const usual = { sizes: "10000,50000,100000", rounds: "5", repeats: "3" };
const quickly = { sizes: "200,400", rounds: "2", repeats: "1" };

/** Throws BadArgumentsError. */
export function compactionOptions(args: readonly string[]): CompactionOptions {
  const { help, quick, ...given } = command.parse(args, {
    help: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    sizes: { type: "string" },
    rounds: { type: "string" },
    repeats: { type: "string" },
  });
  const { sizes, rounds, repeats } = { ...(quick ? quickly : usual), ...given };
  return {
    help,
    sizes: sizesOf(sizes),
    rounds: command.wholeNumber("rounds", rounds),
    repeats: command.wholeNumber("repeats", repeats),
    judged: !quick,
  };
}

function sizesOf(text: string): number[] {
  const sizes = text.split(",").map((size) => command.wholeNumber("sizes", size));
  const [smallest = wordsPerReceipt] = sizes;
  const unit = smallest % wordsPerReceipt === 0 ? smallest : wordsPerReceipt;
  sizes.forEach((size, position) => {
    const before = sizes[position - 1] ?? 0;
    if (size % unit !== 0) throw command.bad(`--sizes ${text}: ${size} is no multiple of ${unit}`);
    if (size <= before) throw command.bad(`--sizes ${text}: ${size} comes after ${before}`);
  });
  return sizes;
}
