import { setTimeout as sleep } from "node:timers/promises";
import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { SearchClient } from "../../cli/search-client.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import type { BenchStack } from "../bench-stack.ts";
import { type LabelItem, labelChanges } from "../changes/label-changes.ts";
import { preparedReceipts, stackWithReceipts } from "../changes/stack-with-receipts.ts";
import { wordReceipts, wordsPerLine } from "../changes/word-receipts.ts";
import type { BenchReceipt } from "../receipts.ts";
import type { Surroundings } from "../surroundings.ts";
import type { FreshnessOptions } from "./options.ts";

/** Labels per second that are searched for; the others are load. */
const watchedPerSecond = 1;
/** Each label that waits asks five times a second: more would measure the load of the searches. */
const askEveryMs = 200;
const maxWaitMs = 60_000;
/** To write a base of many vectors takes minutes, and what is above one costs a publish and a reader no less. */
const unfolded = {
  "compaction:foldVectors": "1000000",
  "compaction:maxOverlayVectors": "1000000",
  "query:exactVectors": "1000000",
};

/** A label was written, and no search shows it. */
export class LabelNotShownError extends VectorkeepError {
  constructor(label: string) {
    super(
      `No search showed the label ${label} within ${maxWaitMs / 1_000} s.`,
      "Read the logs of the stream processor and of compaction.",
    );
  }
}

export interface Freshness {
  /** Of each label that was searched for, from its PutItem to the answer that shows it. */
  readonly seconds: readonly number[];
  /** Labels that were written in all, and how long that took. */
  readonly labels: number;
  readonly putSeconds: number;
  /** Searches that were answered, and the generations that answered them. A search that fails ends the measurement. */
  readonly searches: number;
  readonly generations: number;
}

/** Publishes receipts, then writes labels at a steady rate and searches for some. Throws LabelNotShownError. */
export async function measureFreshness(
  { receipts: count, vectors, load, seconds, perSecond }: FreshnessOptions,
  surroundings: Surroundings,
): Promise<Freshness> {
  const receipts = wordReceipts(count);
  const others = largeReceipts(vectors, count);
  const loaded = await preparedReceipts(largeReceipts(load, count + others.length), surroundings, "load");
  const stack = await stackWithReceipts([...receipts, ...others], surroundings, vectors > 0 ? unfolded : {});
  try {
    const search = new CountedSearch(await SearchClient.of(stack.outputs));
    const changes = labelChanges(receipts, seconds * perSecond);
    const [first, ...items] = changes.map(({ item }, number) => named(item, number));
    // So that no process is cold.
    if (first) await measure(stack, search, [first], perSecond);
    const [measured] = await Promise.all([measure(stack, search, items, perSecond), stack.send(loaded)]);
    const { searches, generations } = search;
    return { ...measured, searches, generations: generations.size };
  } finally {
    await stack.stop();
  }
}

/** Of this number of words in all, or a receipt more. */
function largeReceipts(words: number, first: number): BenchReceipt[] {
  const linesPerReceipt = 50;
  return wordReceipts(Math.ceil(words / (linesPerReceipt * wordsPerLine)), linesPerReceipt, first);
}

/** A search for what no other label is named, and what answered. */
class CountedSearch {
  searches = 0;
  readonly generations = new Set<number | null>();
  readonly #client: SearchClient;

  constructor(client: SearchClient) {
    this.#client = client;
  }

  async shows(label: string): Promise<boolean> {
    const answer = await this.#client.ask({ text: label, label, k: 1, understand: false });
    this.searches += 1;
    for (const generation of Object.values(answer.generations)) this.generations.add(generation);
    return answer.hits.length > 0;
  }
}

/** A label of its own, by which a search finds this one alone. */
function named(item: LabelItem, number: number): LabelItem {
  const label = `FRESH_${number}`;
  return { ...item, label, SK: item.SK.replace(/#LABEL#.+$/, `#LABEL#${label}`), validation_status: "VALID" };
}

async function put({ dynamo, outputs }: BenchStack, item: LabelItem): Promise<void> {
  await dynamo.send(new PutCommand({ TableName: outputs.receiptsTable, Item: item }));
}

async function measure(
  stack: BenchStack,
  search: CountedSearch,
  items: readonly LabelItem[],
  perSecond: number,
): Promise<Pick<Freshness, "seconds" | "labels" | "putSeconds">> {
  const every = Math.max(1, Math.round(perSecond / watchedPerSecond));
  const began = performance.now();
  const puts: Promise<void>[] = [];
  const shown: Promise<number>[] = [];
  for (const [number, item] of items.entries()) {
    await sleep(Math.max(0, began + (1_000 * number) / perSecond - performance.now()));
    const written = put(stack, item);
    puts.push(written);
    const at = performance.now();
    if (number % every === 0) shown.push(written.then(() => untilShown(search, item.label, at)));
  }
  await Promise.all(puts);
  const putSeconds = (performance.now() - began) / 1_000;
  return { seconds: await Promise.all(shown), labels: items.length, putSeconds };
}

/** Resolves to the seconds since the moment `from`. */
async function untilShown(search: CountedSearch, label: string, from: number): Promise<number> {
  while (performance.now() - from < maxWaitMs) {
    if (await search.shows(label)) return (performance.now() - from) / 1_000;
    await sleep(askEveryMs);
  }
  throw new LabelNotShownError(label);
}
