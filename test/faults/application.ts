import { hash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { DeleteCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import type { Collection } from "../../contract/collections.ts";
import { processRecords } from "../../core/changes/process-records.ts";
import { QueuePublisher } from "../../core/changes/queue-publisher.ts";
import { whole } from "../../core/changes/watched.ts";
import { decodeDelta, encodeDelta } from "../../core/deltas/codec.ts";
import type { Delta, VectorMetadata } from "../../core/deltas/delta.ts";
import { deltaKey, deltaPrefix } from "../../core/deltas/keys.ts";
import { knownMetadata, type ReceiptFacts } from "../../core/entities/receipt-facts.ts";
import { recordRun } from "../../core/ingest/record-run.ts";
import { silentLog } from "../../core/log.ts";
import { silentMetrics } from "../../core/metrics.ts";
import type { ReceiptRef } from "../../core/receipts/receipt.ts";
import { wordVectorId } from "../../core/receipts/vector-ids.ts";
import { systemClock } from "../../core/resilience/clock.ts";
import { itemsOf } from "../unit/collections/receipt-items.ts";
import { deltaOf, imageId, wordDeltaOf } from "../unit/collections/sample-deltas.ts";
import type { Stack } from "./stack.ts";

/** Words by line. */
export type Content = readonly (readonly string[])[];

export interface DueVector {
  readonly id: string;
  readonly document: string;
  readonly metadata: VectorMetadata;
  readonly vector: Float32Array;
}

/** One receipt as its application sees it. */
class Receipt {
  content: { readonly runId: string; readonly deltas: Readonly<Record<Collection, Delta>> } | undefined;
  readonly removed = new Set<string>();
  merchant: string | undefined;
  readonly labels = new Map<string, Map<string, string>>();
}

/**
 * What an application does to a stack: exports receipts as embedding does, writes and removes items, and remembers what
 * of it must be published in the end. Receipts are the first of the n-th image.
 */
export class Application {
  readonly #stack: Stack;
  readonly #receipts = new Map<number, Receipt>();
  /** Seconds since the epoch: DynamoDB rounds the time of a removal down, so an export in the same second is older. */
  #removedIn = 0;
  #revision = 0;

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  get receipts(): ReceiptRef[] {
    return [...this.#receipts.keys()].map((image) => ({ imageId: imageId(image), receiptId: 1 }));
  }

  runIdOf(image: number): string | undefined {
    return this.#of(image).content?.runId;
  }

  /** Makes the content that of the receipt; the same content again has the same run. */
  async export(image: number, content: Content): Promise<void> {
    const receipt = this.#of(image);
    while (Math.floor(Date.now() / 1000) <= this.#removedIn) await pause(50);
    // Of the receipt too, as runIdOf has it: queues drop a message whose id another receipt's run has used.
    const runId = hash("sha256", JSON.stringify([image, content])).slice(0, 12);
    const deltas = {
      lines: deltaOf(
        image,
        runId,
        content.map((words) => words.join(" ")),
      ),
      words: wordDeltaOf(image, runId, content),
    };
    for (const delta of Object.values(deltas)) await this.#stack.deltas.put(keyOf(delta), encodeDelta(delta));
    const run = {
      imageId: imageId(image),
      receiptId: 1,
      runId,
      rejectedRows: 0,
      deltaPrefixes: { lines: deltaPrefix(deltas.lines), words: deltaPrefix(deltas.words) },
    };
    this.#revision = Math.max(Date.now(), this.#revision + 1);
    await recordRun(this.#stack, run, this.#revision, { version: -1, areThere: async () => true });
    receipt.content = { runId, deltas };
    receipt.removed.clear();
  }

  /** The embed pipeline has exported the receipt: what it made must be published. */
  async exported(image: number): Promise<void> {
    const { deltas: store, runs } = this.#stack;
    const receipt = { imageId: imageId(image), receiptId: 1 };
    const runId = (await runs.current(receipt))?.runId;
    if (runId === undefined) throw new Error(`Image ${image} was not exported.`);
    const read = async (collection: Collection) => {
      const bytes = await store.get(deltaKey(deltaPrefix({ collection, ...receipt, runId })));
      return decodeDelta(bytes ?? new Uint8Array());
    };
    this.#of(image).content = { runId, deltas: { lines: await read("lines"), words: await read("words") } };
  }

  /** The key of the object that the receipt's content of a collection is in. */
  keyOf(image: number, collection: Collection): string {
    const delta = this.#of(image).content?.deltas[collection];
    if (delta === undefined) throw new Error(`Image ${image} has no content.`);
    return keyOf(delta);
  }

  /** Undefined removes the item. */
  async setMerchant(image: number, name: string | undefined): Promise<void> {
    await this.#write(itemsOf(image).metadata, name === undefined ? undefined : { merchant_name: name });
    this.#of(image).merchant = name;
  }

  /** Undefined removes the label. */
  async setLabel(
    image: number,
    line: number,
    word: number,
    label: string,
    status: string | undefined,
  ): Promise<void> {
    const item = status === undefined ? undefined : { label, validation_status: status };
    await this.#write(itemsOf(image).label(line, word, label), item);
    const { labels } = this.#of(image);
    const id = wordVectorId({ image_id: imageId(image), receipt_id: 1, line_id: line, word_id: word });
    const ofWord = labels.get(id) ?? new Map<string, string>();
    if (status === undefined) ofWord.delete(label);
    else ofWord.set(label, status);
    labels.set(id, ofWord);
  }

  /** Of the whole receipt where no line is named, of a whole line where no word is. */
  async remove(image: number, line?: number, word?: number): Promise<void> {
    const items = itemsOf(image);
    const key =
      line === undefined ? items.receipt : word === undefined ? items.line(line) : items.word(line, word);
    await this.#write(key, {});
    await this.#write(key, undefined);
    this.#removedIn = Math.floor(Date.now() / 1000);
    this.#of(image).removed.add(key.SK);
  }

  /** As the stream processor does: queues what the table's stream has to say since the last time. */
  async announce(arrange: (records: object[]) => object[] = (records) => records): Promise<void> {
    const { sqs, queueUrls, receiptsStream } = this.#stack;
    const to = (url: string) => new QueuePublisher(sqs, url, systemClock);
    const failed = await processRecords(arrange(await receiptsStream.next()), {
      collections: { lines: [to(queueUrls.lines)], words: [to(queueUrls.words)] },
      rejected: to("http://127.0.0.1/000000000000/rejected"),
      watched: whole,
      log: silentLog,
      metrics: silentMetrics,
    });
    if (failed !== undefined) throw new Error("The stream processor could not send.");
  }

  /** All vectors that a collection must hold, by id. `lost`: images whose content cannot be applied. */
  due(collection: Collection, lost: readonly number[] = []): Map<string, DueVector> {
    const due = new Map<string, DueVector>();
    for (const [image, receipt] of this.#receipts) {
      const delta = receipt.content?.deltas[collection];
      if (delta === undefined || lost.includes(image)) continue;
      const facts: ReceiptFacts = {
        fields: receipt.merchant === undefined ? {} : { merchant_name: receipt.merchant },
        labels: receipt.labels,
      };
      for (const [position, id] of delta.ids.entries()) {
        if (isGone(receipt, id)) continue;
        const metadata = { ...delta.metadatas[position], ...knownMetadata(facts, collection, id) };
        due.set(id, {
          id,
          document: delta.documents[position] ?? "",
          metadata,
          vector: vectorAt(delta, position),
        });
      }
    }
    return due;
  }

  #of(image: number): Receipt {
    const receipt = this.#receipts.get(image) ?? new Receipt();
    this.#receipts.set(image, receipt);
    return receipt;
  }

  async #write(key: { PK: string; SK: string }, item: Record<string, unknown> | undefined): Promise<void> {
    const { client, receiptsTable: TableName } = this.#stack;
    if (item === undefined) await client.send(new DeleteCommand({ TableName, Key: key }));
    else await client.send(new PutCommand({ TableName, Item: { ...key, ...item } }));
  }
}

function keyOf(delta: Delta): string {
  return deltaKey(deltaPrefix(delta));
}

/** Whether the vector's receipt, line or word was removed. */
function isGone({ removed }: Receipt, id: string): boolean {
  const [, , , receipt, , line, , word] = id.split("#");
  const keys = [
    `RECEIPT#${receipt}`,
    `RECEIPT#${receipt}#LINE#${line}`,
    `RECEIPT#${receipt}#LINE#${line}#WORD#${word}`,
  ];
  return keys.some((key) => removed.has(key));
}

function vectorAt({ vectors, dimensions }: Delta, position: number): Float32Array {
  const bytes = Uint8Array.from(vectors.subarray(position * dimensions * 4, (position + 1) * dimensions * 4));
  return new Float32Array(bytes.buffer);
}
