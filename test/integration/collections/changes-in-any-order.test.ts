import fc from "fast-check";
import { encodeDelta } from "../../../core/deltas/codec.ts";
import type { Delta } from "../../../core/deltas/delta.ts";
import { deltaKey, deltaPrefix } from "../../../core/deltas/keys.ts";
import { recordRun } from "../../../core/ingest/record-run.ts";
import { RunQueues } from "../../../core/runs/run-queues.ts";
import { sampled } from "../../faults/seeds.ts";
import {
  CompactionRig,
  type ItemKey,
  queueUrl,
  type RigConfig,
} from "../../unit/collections/compaction-rig.ts";
import { itemsOf } from "../../unit/collections/receipt-items.ts";
import { wordDeltaOf } from "../../unit/collections/sample-deltas.ts";

jest.setTimeout(240_000);

/** Seeded histories in `npm test`; RUNS=200 for a longer look. */
const numRuns = Number(process.env.RUNS ?? sampled(12));

const contents = {
  whole: [
    ["MILK", "2.00"],
    ["TOTAL", "5.00"],
  ],
  shorter: [["MILK", "2.00"]],
  other: [
    ["BREAD", "2.00"],
    ["SUM", "5.00"],
  ],
};
type Content = keyof typeof contents;

const image = fc.constantFrom(1, 2);
const lineId = fc.constantFrom(1, 2);
const wordId = fc.constantFrom(1, 2);
const label = fc.constantFrom("TOTAL", "TAX");

/** What an application does to one receipt. Of what is not there nothing can be removed: such a step does nothing. */
const step = fc.oneof(
  fc.record({
    does: fc.constant("export" as const),
    image,
    content: fc.constantFrom<Content>("whole", "shorter", "other"),
  }),
  fc.record({
    does: fc.constant("put metadata" as const),
    image,
    name: fc.constantFrom("CAFE", "BAR", undefined),
  }),
  fc.record({ does: fc.constant("remove metadata" as const), image }),
  fc.record({
    does: fc.constant("put label" as const),
    image,
    lineId,
    wordId,
    label,
    status: fc.constantFrom("VALID", "INVALID", "PENDING"),
  }),
  fc.record({ does: fc.constant("remove label" as const), image, lineId, wordId, label }),
  fc.record({ does: fc.constant("remove receipt" as const), image }),
  fc.record({ does: fc.constant("remove line" as const), image, lineId }),
  fc.record({ does: fc.constant("remove word" as const), image, lineId, wordId }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** How the steps' consequences arrive: in any order, some twice, in cycles of any size. */
const arrival = fc.record({
  rank: fc.double({ noNaN: true, min: 0, max: 1 }),
  again: fc.boolean(),
  cycle: fc.boolean(),
});
/** Every cycle writes a base, or segments, of which some are folded, or none is. */
const configs = fc.constantFrom<RigConfig>({ writesBases: true }, { foldVectors: 6 }, { foldVectors: 1_000 });
const history = fc.array(fc.tuple(step, arrival), { minLength: 4, maxLength: 14 });

/** One receipt as its application sees it. */
class Receipt {
  readonly items = new Set<string>();
  readonly labels = new Map<string, string>();
  merchant: string | undefined;
  /** What was exported last, less the lines and words that were removed since; undefined once it was removed. */
  content: Delta | undefined;
}

type Consequence = () => Promise<void>;

/** Does the steps to the tables as they come, and keeps what they will have told the collections. */
class Application {
  readonly receipts = new Map([1, 2].map((number) => [number, new Receipt()] as const));
  readonly deltas: Delta[] = [];
  readonly #rig: CompactionRig;
  readonly #queues: RunQueues;
  #second = 0;

  constructor(rig: CompactionRig) {
    this.#rig = rig;
    const queueUrls = { lines: ["https://sqs.local/elsewhere.fifo"], words: [queueUrl] };
    this.#queues = new RunQueues({ client: rig.sqs.client, queueUrls, region: "us-east-1" });
  }

  async do(step: Step): Promise<Consequence[]> {
    this.#second += 10;
    const receipt = this.receipts.get(step.image) ?? new Receipt();
    const keys = itemsOf(step.image);
    switch (step.does) {
      case "export": {
        const delta = wordDeltaOf(step.image, `${step.content}-${step.image}`, contents[step.content]);
        for (const id of delta.ids) {
          const [, , , , , line, , word] = id.split("#");
          for (const key of [keys.receipt, keys.line(Number(line)), keys.word(Number(line), Number(word))]) {
            receipt.items.add(key.SK);
            await this.#rig.put(key);
          }
        }
        receipt.content = delta;
        this.deltas.push(delta);
        return [this.#embedding(delta, this.#second * 1_000 + 500)];
      }
      case "put metadata":
        receipt.merchant = step.name;
        return this.#told(
          await this.#rig.put(keys.metadata, { merchant_name: step.name ?? null }, this.#second),
          receipt,
          keys.metadata.SK,
        );
      case "remove metadata":
        receipt.merchant = undefined;
        return this.#remove(receipt, keys.metadata);
      case "put label": {
        const key = keys.label(step.lineId, step.wordId, step.label);
        receipt.labels.set(key.SK, step.status);
        return this.#told(
          await this.#rig.put(key, { validation_status: step.status }, this.#second),
          receipt,
          key.SK,
        );
      }
      case "remove label": {
        const key = keys.label(step.lineId, step.wordId, step.label);
        receipt.labels.delete(key.SK);
        return this.#remove(receipt, key);
      }
      case "remove receipt": {
        if (receipt.items.has(keys.receipt.SK)) receipt.content = undefined;
        return this.#remove(receipt, keys.receipt);
      }
      case "remove line": {
        const key = keys.line(step.lineId);
        if (receipt.items.has(key.SK)) receipt.content = without(receipt.content, key);
        return this.#remove(receipt, key);
      }
      case "remove word": {
        const key = keys.word(step.lineId, step.wordId);
        if (receipt.items.has(key.SK)) receipt.content = without(receipt.content, key);
        return this.#remove(receipt, key);
      }
    }
  }

  /** Of every vector that the final items imply: its document, and what is known of it. */
  expected(): Record<string, object> {
    const all: Record<string, object> = {};
    for (const receipt of this.receipts.values()) {
      const { content, merchant, labels } = receipt;
      content?.ids.forEach((id, index) => {
        const own = [...labels].filter(([key]) =>
          key.startsWith(`${id.slice(id.indexOf("RECEIPT#"))}#LABEL#`),
        );
        const statuses = own.map(([, status]) => status);
        const status = statuses.includes("VALID")
          ? "validated"
          : statuses.includes("PENDING")
            ? "auto_suggested"
            : "unvalidated";
        const judged = own.filter(([, one]) => one !== "PENDING");
        all[id] = {
          document: content.documents[index],
          label_status: status,
          ...(merchant !== undefined && { merchant_name: merchant }),
          ...Object.fromEntries(
            judged.map(([key, one]) => [`label_${key.split("#").at(-1)}`, one === "VALID"]),
          ),
        };
      });
    }
    return all;
  }

  /** The embed message's work, done whenever it comes to be. */
  #embedding(delta: Delta, revision: number): Consequence {
    return async () => {
      this.#rig.bucket.set(deltaKey(deltaPrefix(delta)), encodeDelta(delta));
      const deltaPrefixes = { lines: "unused", words: deltaPrefix(delta) };
      const { imageId, receiptId, runId } = delta;
      const run = { imageId, receiptId, runId, deltaPrefixes, rejectedRows: 0 };
      const recorded = await recordRun({ runs: this.#rig.runs, queues: this.#queues }, run, revision, {
        version: 0,
        areThere: async () => true,
      });
      if (recorded === "opened") this.#rig.send(delta, `event-${runId}`);
    };
  }

  async #remove(receipt: Receipt, key: ItemKey): Promise<Consequence[]> {
    if (!receipt.items.delete(key.SK)) return [];
    const record = await this.#rig.remove(key, this.#second);
    return [async () => this.#rig.announce([record])];
  }

  #told(record: unknown, receipt: Receipt, sortKey: string): Consequence[] {
    receipt.items.add(sortKey);
    return [async () => this.#rig.announce([record])];
  }
}

/** The content less a line or word, by the key of its item: vector ids have the same form. */
function without(content: Delta | undefined, { PK, SK }: ItemKey): Delta | undefined {
  if (!content) return undefined;
  const kept = [...content.ids.keys()].filter(
    (index) => !`${content.ids[index]}#`.startsWith(`${PK}#${SK}#`),
  );
  return {
    ...content,
    ids: kept.map((index) => content.ids[index] ?? ""),
    documents: kept.map((index) => content.documents[index] ?? ""),
  };
}

async function published(rig: CompactionRig, deltas: readonly Delta[]): Promise<Record<string, object>> {
  const vectors = await rig.publishedVectors(deltas);
  return Object.fromEntries(
    vectors.map(({ id, document, metadata }) => {
      const known = Object.entries(metadata).filter(([key]) => /^(merchant|label_)/.test(key));
      return [id, { document, ...Object.fromEntries(known) }];
    }),
  );
}

test("any history of exports, metadata, labels and removals ends in what the final items imply, however it arrives", async () => {
  await fc.assert(
    fc.asyncProperty(history, configs, async (steps, config) => {
      const rig = await CompactionRig.start("words");
      try {
        const application = new Application(rig);
        const arriving: { rank: number; cycle: boolean; tell: Consequence }[] = [];
        for (const [step, { rank, again, cycle }] of steps) {
          for (const tell of await application.do(step)) {
            arriving.push({ rank, cycle, tell });
            if (again) arriving.push({ rank: 1 - rank, cycle, tell });
          }
        }
        arriving.sort((one, other) => one.rank - other.rank);
        const parts = await rig.process({ drainMs: 0, ...config });
        for (const { tell, cycle } of arriving) {
          await tell();
          if (!cycle) continue;
          await rig.invoke(parts, 3);
          await rig.foldWhatIsAsked();
        }
        while (rig.sqs.at(queueUrl).messages.length > 0) {
          rig.sqs.reveal(queueUrl);
          await rig.invoke(parts);
        }
        expect(await published(rig, application.deltas)).toEqual(application.expected());
      } finally {
        await rig.stop();
      }
    }),
    { numRuns, ...(process.env.RUNS === undefined && { seed: 20_261_125 }) },
  );
});
