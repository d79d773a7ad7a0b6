import { batchesByCount } from "../../core/resilience/batch.ts";
import { inParallel } from "../../core/resilience/in-parallel.ts";
import { labelChanges } from "../changes/label-changes.ts";
import type { BenchReceipt } from "../receipts.ts";
import { dimensions, model, type Premises } from "../surroundings.ts";
import { bareUpserts } from "./bare-upserts.ts";
import { type CycleFigures, CycleIncompleteError, together } from "./cycle-figures.ts";
import { type CompactionProcess, OneCollection } from "./one-collection.ts";
import type { CompactionOptions } from "./options.ts";
import { Reader, type ReaderFigures } from "./reader.ts";
import { nameOf, storeWordDeltas, wordsPerReceipt } from "./word-deltas.ts";

/** The collection grown by as many vectors, once by a publish and a fold, and once, on a copy, by bare upserts. */
export interface Round {
  /** Vectors before. */
  readonly before: number;
  readonly vectors: number;
  readonly publish: CycleFigures;
  readonly fold: CycleFigures;
  /** Undefined where only the growth was of use. */
  readonly bareSeconds: number | undefined;
}

export const changes = ["receipt", "labels"] as const;
export type Change = (typeof changes)[number];
/** Whether the process had to copy the generation first. */
export const warmths = ["cold", "warm"] as const;
export type Warmth = (typeof warmths)[number];

/** A cycle of one small change. */
export interface SmallCycle {
  /** Vectors that the collection was grown to. */
  readonly size: number;
  readonly change: Change;
  readonly warmth: Warmth;
  readonly cycle: CycleFigures;
  readonly reader: ReaderFigures;
}

/** A search process that holds nothing opens the head, to hold every vector. */
export interface ColdOpening {
  readonly size: number;
  readonly coldSeconds: number;
}

export const labelsPerChange = 10;
/** A cycle drains few more than 64 new runs. */
const receiptsPerCycle = 50;
const callsAtOnce = 16;

/** Grows a collection of words from nothing, and makes small changes at each of the sizes. */
export async function* measureCompaction(
  options: CompactionOptions,
  premises: Premises,
): AsyncGenerator<Round | ColdOpening | SmallCycle> {
  const collection = await OneCollection.start({ collection: "words", model, dimensions }, premises);
  try {
    yield* new Measuring(collection, await prepare(options, collection), options).run();
  } finally {
    await collection.stop();
  }
}

/** The receipts that grow the collection, one list per round, and those of the small changes. */
interface Prepared {
  readonly growths: readonly (readonly BenchReceipt[])[];
  readonly small: BenchReceipt[];
}

async function prepare({ sizes, repeats }: CompactionOptions, { deltas }: OneCollection): Promise<Prepared> {
  const [step = 0] = sizes;
  const grown = (sizes.at(-1) ?? 0) / wordsPerReceipt;
  const receipts = await storeWordDeltas(deltas, grown + sizes.length * repeats * warmths.length);
  const aRound = step / wordsPerReceipt;
  return {
    growths: Array.from({ length: grown / aRound }, (_, round) =>
      receipts.slice(round * aRound, (round + 1) * aRound),
    ),
    small: receipts.slice(grown),
  };
}

class Measuring {
  readonly #collection: OneCollection;
  readonly #prepared: Prepared;
  readonly #options: CompactionOptions;
  /** Small changes of each kind so far: each is of the next receipt. */
  readonly #made: Record<Change, number> = { receipt: 0, labels: 0 };

  constructor(collection: OneCollection, prepared: Prepared, options: CompactionOptions) {
    this.#collection = collection;
    this.#prepared = prepared;
    this.#options = options;
  }

  async *run(): AsyncGenerator<Round | ColdOpening | SmallCycle> {
    const { sizes, rounds } = this.#options;
    const compaction = await this.#collection.process();
    let size = 0;
    for (const [position, receipts] of this.#prepared.growths.entries()) {
      const round = await this.#grow(compaction, receipts, size, position < rounds ? position : undefined);
      yield round;
      size += round.vectors;
      if (!sizes.includes(size)) continue;
      yield await this.#open(size);
      yield* this.#smallChanges(size);
    }
    await compaction.end();
  }

  /** In a numbered round there are bare upserts too: before the fold in one, after it in the next. */
  async #grow(
    compaction: CompactionProcess,
    receipts: readonly BenchReceipt[],
    before: number,
    round: number | undefined,
  ): Promise<Round> {
    const vectors = receipts.length * wordsPerReceipt;
    const base = (await this.#collection.head())?.overlay?.database ?? undefined;
    const bare = () => bareUpserts(this.#collection, base, receipts);
    const publish = await this.#merge(compaction, receipts);
    let bareSeconds = round !== undefined && round % 2 === 0 ? await bare() : undefined;
    const fold = requireDone(await this.#collection.fold(compaction), "written", vectors);
    if (round !== undefined && round % 2 === 1) bareSeconds = await bare();
    return { before, vectors, publish, fold, bareSeconds };
  }

  async #open(size: number): Promise<ColdOpening> {
    const reader = await Reader.start(this.#collection, Number.POSITIVE_INFINITY);
    const { seconds } = await reader.follow();
    await reader.stop();
    return { size, coldSeconds: seconds };
  }

  /** Each kind in a process that begins cold and is warm after its first cycle. */
  async *#smallChanges(size: number): AsyncGenerator<SmallCycle> {
    const reader = await Reader.start(this.#collection, 0);
    await reader.follow();
    for (let repeat = 0; repeat < this.#options.repeats; repeat += 1) {
      for (const change of changes) {
        const compaction = await this.#collection.process();
        for (const warmth of warmths) {
          const receipt = this.#prepared.small[this.#made[change]++];
          if (receipt === undefined) throw new RangeError("Every small change has a receipt.");
          const cycle =
            change === "receipt"
              ? await this.#merge(compaction, [receipt])
              : await this.#label(compaction, receipt);
          yield { size, change, warmth, cycle, reader: await reader.follow() };
        }
        await compaction.end();
      }
    }
    await reader.stop();
  }

  async #merge(compaction: CompactionProcess, receipts: readonly BenchReceipt[]): Promise<CycleFigures> {
    const cycles: CycleFigures[] = [];
    for (const some of batchesByCount(receipts, receiptsPerCycle)) {
      await inParallel(some, callsAtOnce, (receipt) => this.#collection.openRun(nameOf(receipt)));
      cycles.push(await this.#collection.publish(compaction, some.length));
    }
    return requireDone(together(cycles), "written", receipts.length * wordsPerReceipt);
  }

  async #label(compaction: CompactionProcess, receipt: BenchReceipt): Promise<CycleFigures> {
    const labels = labelChanges([receipt], labelsPerChange);
    await inParallel(labels, callsAtOnce, async ({ item }) => {
      const { image_id, receipt_id, line_id, word_id, label } = item;
      await this.#collection.put(item);
      await this.#collection.announce({
        entity_type: "RECEIPT_WORD_LABEL",
        event_name: "INSERT",
        entity_data: { image_id, receipt_id, line_id, word_id, label },
      });
    });
    const cycle = await this.#collection.publish(compaction, labels.length);
    return requireDone(cycle, "updated", labels.length);
  }
}

function requireDone(cycle: CycleFigures, what: "written" | "updated", due: number): CycleFigures {
  // A fold takes the small changes along; a segment says again what is known of a whole receipt.
  if (cycle[what] < due) throw new CycleIncompleteError(`${cycle[what]} vectors ${what}, and ${due} are due`);
  return cycle;
}
