import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Collection } from "../contract/collections.ts";
import { type Head, readHead } from "../core/collections/generations/head.ts";
import type { PublishedFiles } from "../core/collections/generations/published-copy.ts";
import { S3DeltaStore } from "../core/deltas/s3-delta-store.ts";
import { exportFolders, type ReceiptFolder } from "../core/ingest/export-folder.ts";
import { isComplete, type Observation, standsStill } from "../local/start/observation.ts";
import { PipelineWatch } from "../local/start/pipeline-watch.ts";
import { type Service, startService } from "./child.ts";
import type { StackAnnouncement } from "./services/local-stack.ts";
import { StoredWronglyError } from "./stored-wrongly-error.ts";
import type { Surroundings } from "./surroundings.ts";

const lookEveryMs = 500;
const maxWaitMs = 120_000;

/** The deployed local stack in a process of its own, with the benchmark's embeddings and its administrator's clients. */
export class BenchStack {
  readonly outputs: StackAnnouncement["outputs"];
  readonly files: PublishedFiles;
  readonly sqs: SQSClient;
  readonly dynamo: DynamoDBDocumentClient;
  readonly logs: CloudWatchLogsClient;
  readonly #service: Service<StackAnnouncement>;

  private constructor(service: Service<StackAnnouncement>, { library, folder }: Surroundings) {
    // As a user's shell does: from here on this process is one of the stack's clients.
    Object.assign(process.env, service.environment);
    this.#service = service;
    this.outputs = service.outputs;
    this.files = {
      collectionsPath: service.collectionsPath,
      library,
      scratch: join(folder, "published"),
      deltas: new S3DeltaStore(new S3Client({}), service.outputs.deltasBucket),
    };
    this.sqs = new SQSClient({});
    this.dynamo = DynamoDBDocumentClient.from(new DynamoDBClient({}));
    this.logs = new CloudWatchLogsClient({});
  }

  static async start(
    surroundings: Surroundings,
    changes: Readonly<Record<string, string>> = {},
  ): Promise<BenchStack> {
    const config = {
      "embedding:baseUrl": surroundings.embeddingsUrl,
      "embedding:model": surroundings.model,
      "embedding:dimensions": String(surroundings.dimensions),
      ...changes,
    };
    const args = [join(surroundings.folder, "stack"), JSON.stringify(config)];
    return new BenchStack(await startService<StackAnnouncement>("local-stack.ts", args), surroundings);
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }

  /** Uploads and enqueues receipts, as `npm run export` does. */
  async send(folders: readonly ReceiptFolder[]): Promise<void> {
    const services = { s3: new S3Client({}), sqs: this.sqs, ...this.outputs };
    const { failures } = await exportFolders(folders, services, () => {});
    if (failures.length > 0) throw new AggregateError(failures, "Receipts could not be sent.");
  }

  /** Observes the pipeline until this number of receipts is published. Throws StoredWronglyError when it makes no progress. */
  async *looksUntilPublished(receipts: number): AsyncGenerator<Observation> {
    const watch = this.watch();
    let last = await watch.look();
    let movedAt = performance.now();
    yield last;
    while (!isComplete(last, { receipts, lines: 0, words: 0 })) {
      if (performance.now() - movedAt > maxWaitMs) throw new StoredWronglyError(JSON.stringify(last));
      await sleep(lookEveryMs);
      const now = await watch.look();
      if (!standsStill(now, last)) movedAt = performance.now();
      last = now;
      yield now;
    }
  }

  watch(): PipelineWatch {
    return new PipelineWatch(this.sqs, this.dynamo, this.outputs);
  }

  head(collection: Collection): Promise<Head | undefined> {
    return readHead(this.dynamo, this.outputs.controlTable, collection);
  }
}
