import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { hitTable, understoodLine } from "../../cli/hit-table.ts";
import type { Screen } from "../../cli/screen.ts";
import { SearchClient } from "../../cli/search-client.ts";
import { collectionOf, collections, type ShardName, shardNames } from "../../contract/collections.ts";
import { readHead } from "../../core/collections/generations/head.ts";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import { exportFolders, type ReceiptFolder } from "../../core/ingest/export-folder.ts";
import { uploadOcrFiles } from "../../core/ingest/export-receipt.ts";
import type { EmbedMessage } from "../../core/receipts/embed-message.ts";
import type { LocalStack } from "../stack.ts";
import { type ExpectedVectors, expectedVectors } from "./expected-vectors.ts";
import { loggedErrors } from "./logged-errors.ts";
import type { Workload } from "./observation.ts";
import { type PipelineRun, watchPipeline } from "./pipeline-run.ts";
import { PipelineWatch } from "./pipeline-watch.ts";
import { publishedIds } from "./published-ids.ts";
import { type Heads, healthOfFunctions, healthOfServer, servedGenerations } from "./served-generations.ts";
import { summary } from "./summary.ts";
import { compareIds, findings } from "./verdict.ts";

/** Each question shows another way to find a row; the samples show that the answers are right. */
const questions = [
  "greenleaf pharmacy",
  "how much did I pay at the Salted Anchor Cafe",
  "sourdogh bred",
  "19 April 2025",
  "medicine for a headache",
  "37.90",
];
const hitsShown = 3;
/** Root of the file system's access point. */
const accessPointRoot = "collections";

/** Sends receipts through a stack that has just started, checks that nothing was lost, and prints the result. */
export class FirstRun {
  readonly #stack: LocalStack;
  readonly #screen: Screen;
  readonly #signal: AbortSignal;
  readonly #scratch: string;
  readonly #s3 = new S3Client({});
  readonly #sqs = new SQSClient({});
  readonly #logs = new CloudWatchLogsClient({});
  readonly #dynamo = DynamoDBDocumentClient.from(new DynamoDBClient({}));

  /** The stack's environment must be set in this process. `scratch` is a folder for private copies. */
  constructor(stack: LocalStack, screen: Screen, signal: AbortSignal, scratch: string) {
    this.#stack = stack;
    this.#screen = screen;
    this.#signal = signal;
    this.#scratch = scratch;
  }

  /** Resolves to everything that was lost, failed, dead-lettered or left over; empty if nothing was. */
  async run(folders: readonly ReceiptFolder[], bootSeconds: number): Promise<readonly string[]> {
    const expected = await expectedVectors(folders);
    this.#screen.heading(`Sending ${folders.length} receipts`);
    const began = performance.now();
    const { failures } = await exportFolders(
      folders,
      { s3: this.#s3, sqs: this.#sqs, ...this.#stack.outputs },
      (done) => {
        const text = `  exported ${done.receipts}/${folders.length} receipts`;
        this.#screen.status([text], text.trim());
      },
    );
    const exportSeconds = (performance.now() - began) / 1000;
    this.#screen.print(`  ${folders.length - failures.length} receipts are in S3 and on the embed queue`);

    const workload: Workload = {
      receipts: folders.length - failures.length,
      lines: expected.ids.lines.size,
      words: expected.ids.words.size,
    };
    const watch = new PipelineWatch(this.#sqs, this.#dynamo, this.#stack.outputs);
    const run = await watchPipeline(watch, workload, this.#screen, this.#signal);
    const { requests = 0, inputs = 0 } = this.#stack.embeddingsUsage ?? {};
    const usage = { embeddingRequests: requests, embeddedTexts: inputs };
    const stages = { boot: bootSeconds, export: exportSeconds };
    const found = await this.#judge(expected, workload, run, { ...usage, stages });
    return [...new Set(failures.map(({ message }) => message)), ...found];
  }

  /** Runs a few searches and prints the hits. */
  async search(): Promise<void> {
    const client = await SearchClient.of(this.#stack.outputs);
    for (const text of questions) {
      const answer = await client.ask({ text, collection: "lines", k: hitsShown });
      this.#screen.heading(`"${text}"`);
      const understood = understoodLine(answer);
      if (understood) this.#screen.print(`  ${understood}`);
      this.#screen.print(...hitTable(answer).map((line) => `  ${line}`));
    }
  }

  /** The message that embeds one of the receipts. */
  async exampleMessage({ imageId, receiptId, folder }: ReceiptFolder): Promise<EmbedMessage> {
    const [lines, words] = await Promise.all([
      readFile(join(folder, "lines.ndjson")),
      readFile(join(folder, "words.ndjson")),
    ]);
    const files = { imageId, receiptId, lines, words };
    return uploadOcrFiles(this.#s3, this.#stack.outputs.artifactsBucket, files);
  }

  /** The errors that the functions logged, to explain the findings. */
  async reasons(): Promise<string[]> {
    const { logGroups, search } = this.#stack.outputs;
    const ofSearch = search ? [search, ...Object.values(search.shards)].map(({ logGroup }) => logGroup) : [];
    const groups = [...Object.values(logGroups), ...ofSearch].filter((group) => group !== undefined);
    return [...this.#stack.problems, ...(await loggedErrors(this.#logs, groups))];
  }

  async #judge(
    expected: ExpectedVectors,
    workload: Workload,
    { last, embedSeconds, publishSeconds }: PipelineRun,
    measured: { embeddingRequests: number; embeddedTexts: number; stages: Record<string, number> },
  ): Promise<readonly string[]> {
    const began = performance.now();
    const heads = await this.#heads();
    const comparisons = await Promise.all(
      collections.map(async (collection) => {
        const published: string[] = [];
        for (const [shard, head] of heads) {
          if (head === undefined || collectionOf(shard) !== collection) continue;
          published.push(...(await this.#publishedIds(shard, head.name)));
        }
        return compareIds(collection, expected.ids[collection], published);
      }),
    );
    const { searchUrl = "", search } = this.#stack.outputs;
    const health = search
      ? await healthOfFunctions(this.#stack.outputs, heads)
      : () => healthOfServer(searchUrl);
    const generations = await servedGenerations(health, heads, this.#signal);
    const stages = {
      ...measured.stages,
      "until embedded": embedSeconds,
      "until published": publishSeconds,
      check: (performance.now() - began) / 1000,
    };
    this.#screen.heading("What happened");
    this.#screen.print(...summary({ expected, ...measured, stages, generations }).map((line) => `  ${line}`));
    return findings(last, workload, comparisons);
  }

  async #heads(): Promise<Heads> {
    const { controlTable, linesQueueUrls } = this.#stack.outputs;
    const shards = collections.flatMap((collection) => shardNames(collection, linesQueueUrls.length));
    const heads = shards.map(async (shard) => {
      return [shard, await readHead(this.#dynamo, controlTable, shard)] as const;
    });
    return new Map(await Promise.all(heads));
  }

  #publishedIds(shard: ShardName, generation: string): Promise<string[]> {
    const { outputs } = this.#stack;
    const files = {
      collectionsPath: join(this.#stack.fileSystemFolder(outputs.collectionsFileSystem), accessPointRoot),
      library: resolve(import.meta.dirname, "../../.build/fold/chroma.node"),
      scratch: join(this.#scratch, "published"),
      deltas: new S3DeltaStore(this.#s3, outputs.deltasBucket),
    };
    return publishedIds(files, shard, generation);
  }
}
