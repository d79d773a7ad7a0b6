import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { readHead } from "../core/collections/head.ts";
import { exportFolders, type ReceiptFolder } from "../core/ingest/export-folder.ts";
import { planLines } from "../core/receipts/planned-vectors.ts";
import { type LocalStack, startLocalStack } from "../local/stack.ts";
import { isComplete, type Observation, standsStill } from "../local/start/observation.ts";
import { PipelineWatch } from "../local/start/pipeline-watch.ts";
import { publishedIds } from "../local/start/published-ids.ts";
import { type BenchReceipt, benchReceipts } from "./receipts.ts";
import { StoredWrongly } from "./stored-wrongly.ts";

/** The process of the deployed local stack: it gets its orders as one message and answers with one. */
export interface StackOrders {
  readonly records: number;
  readonly embeddingsUrl: string;
  readonly model: string;
  readonly dimensions: number;
  /** Of the native Chroma server. */
  readonly library: string;
  /** For all that is written. */
  readonly folder: string;
}

export interface StackOutcome {
  /** From the first upload until every vector was published and no message was left. */
  readonly seconds: number;
  /** Of these, until every receipt's deltas were in S3. */
  readonly embedSeconds: number;
}

const lookEveryMs = 500;
const patienceMs = 120_000;

async function run(orders: StackOrders): Promise<StackOutcome> {
  const receipts = benchReceipts(orders.records);
  const folders = await writeReceipts(receipts, join(orders.folder, "receipts"));
  const stack = await startLocalStack({
    port: 0,
    config: {
      "embedding:baseUrl": orders.embeddingsUrl,
      "embedding:model": orders.model,
      "embedding:dimensions": String(orders.dimensions),
      "query:port": "0",
    },
    stateFolder: join(orders.folder, "stack"),
  });
  Object.assign(process.env, stack.environment);
  try {
    const outcome = await send(folders, stack);
    await check(stack, receipts, orders);
    return outcome;
  } finally {
    await stack.stop();
  }
}

async function send(folders: readonly ReceiptFolder[], { outputs }: LocalStack): Promise<StackOutcome> {
  const sqs = new SQSClient({});
  const watch = new PipelineWatch(sqs, DynamoDBDocumentClient.from(new DynamoDBClient({})), outputs);
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1_000;
  const { failures } = await exportFolders(folders, { s3: new S3Client({}), sqs, ...outputs }, () => {});
  if (failures.length > 0) throw new AggregateError(failures, "Receipts could not be sent.");
  let embedSeconds: number | undefined;
  for await (const { embedded } of looksUntilComplete(watch, folders.length)) {
    if (embedded === folders.length) embedSeconds ??= seconds();
  }
  return { seconds: seconds(), embedSeconds: embedSeconds ?? seconds() };
}

/** Throws where nothing moves any more and vectors are missing. */
async function* looksUntilComplete(watch: PipelineWatch, receipts: number): AsyncGenerator<Observation> {
  let last = await watch.look();
  let movedAt = performance.now();
  yield last;
  while (!isComplete(last, { receipts, lines: 0, words: 0 })) {
    if (performance.now() - movedAt > patienceMs) throw new StoredWrongly(JSON.stringify(last));
    await sleep(lookEveryMs);
    const now = await watch.look();
    if (!standsStill(now, last)) movedAt = performance.now();
    last = now;
    yield now;
  }
}

/** The published generation holds exactly the lines. */
async function check(
  stack: LocalStack,
  receipts: readonly BenchReceipt[],
  orders: StackOrders,
): Promise<void> {
  const { controlTable, collectionsFileSystem } = stack.outputs;
  const head = await readHead(DynamoDBDocumentClient.from(new DynamoDBClient({})), controlTable, "lines");
  if (!head) throw new StoredWrongly("nothing is published");
  const files = {
    collectionsPath: join(stack.fileSystemFolder(collectionsFileSystem), "collections"),
    library: orders.library,
    scratch: join(orders.folder, "published"),
  };
  const published = new Set(await publishedIds(files, "lines", head.name));
  const expected = receipts.flatMap(({ lines }) => planLines(lines));
  const missing = expected.filter(({ id }) => !published.has(id));
  if (missing.length > 0 || published.size !== expected.length) {
    throw new StoredWrongly(`${published.size} vectors of ${expected.length} are published`);
  }
}

async function writeReceipts(receipts: readonly BenchReceipt[], folder: string): Promise<ReceiptFolder[]> {
  return Promise.all(
    receipts.map(async ({ imageId, receiptId, lines }) => {
      const own = join(folder, imageId, "receipt-00001");
      await mkdir(own, { recursive: true });
      await writeFile(join(own, "lines.ndjson"), lines.map((line) => JSON.stringify(line)).join("\n"));
      await writeFile(join(own, "words.ndjson"), "");
      return { imageId, receiptId, folder: own };
    }),
  );
}

process.once("message", async (orders: StackOrders) => {
  process.send?.(await run(orders));
  process.disconnect();
});
