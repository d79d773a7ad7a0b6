import { createHash } from "node:crypto";
import { SendMessageBatchCommand, type SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { DeltaStore } from "../../../core/deltas/delta-store.ts";
import { S3DeltaStore } from "../../../core/deltas/s3-delta-store.ts";
import { RequestSize } from "../../../core/embedding/embed-each.ts";
import type { Embedder, VectorBytes } from "../../../core/embedding/embedder.ts";
import { EmbeddingRefusedError } from "../../../core/embedding/embedding-errors.ts";
import { requestLimits } from "../../../core/embedding/limits.ts";
import { BackPressure } from "../../../core/ingest/back-pressure.ts";
import { type Delivery, type IngestDeps, ingestMessages } from "../../../core/ingest/ingest-messages.ts";
import type { Log } from "../../../core/log.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { ConsumedQueue } from "../../../core/queues/consumed-queue.ts";
import { DynamoRunStore } from "../../../core/runs/dynamo-run-store.ts";
import { OpenRuns } from "../../../core/runs/open-runs.ts";
import { RunQueues } from "../../../core/runs/run-queues.ts";
import type { RunStore } from "../../../core/runs/run-store.ts";
import { Buckets } from "../deltas/bucket.ts";
import { image, line, ndjsonOf, word } from "../receipts/rows-of.ts";
import type { Tables } from "../runs/tables.ts";

/** A text's vector follows from the text alone. */
export class FakeEmbedder implements Embedder {
  readonly model = "fake";
  readonly dimensions = 4;
  readonly requests: string[][] = [];
  /** A text that the provider refuses. */
  poison: string | undefined;
  /** What the provider answers to everything. */
  failure: Error | undefined;

  async embed(texts: readonly string[]): Promise<VectorBytes[]> {
    this.requests.push([...texts]);
    if (this.failure) throw this.failure;
    if (texts.some((text) => this.poison !== undefined && text.includes(this.poison))) {
      throw new EmbeddingRefusedError(this.model, new Error("400 bad input"));
    }
    return texts.map((text) => createHash("sha256").update(text).digest().subarray(0, 16));
  }
}

interface LogLine {
  readonly level: "info" | "error";
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** Everything that an invocation touches, each part real where its behaviour matters. */
export class Stage {
  readonly buckets = new Buckets();
  readonly embedder = new FakeEmbedder();
  readonly log: LogLine[] = [];
  /** Messages on the FIFO queues, by queue and deduplication id. */
  readonly sent = new Map<string, string>();
  /** Messages that were sent back to the embed queue. */
  readonly sentBack: { readonly body: string; readonly delaySeconds: number }[] = [];
  /** Positions in a call that the embed queue refuses. */
  readonly refusedPositions = new Set<number>();
  readonly counts: Record<string, number> = {};
  readonly runs: RunStore;
  readonly deltas: DeltaStore;
  readonly openRuns: OpenRuns;
  maxOpenRuns = 1_000_000;
  #delivered = 0;

  constructor(tables: Tables) {
    this.openRuns = new OpenRuns(tables.client, tables.controlTable);
    this.runs = new DynamoRunStore(tables);
    this.deltas = new S3DeltaStore(this.buckets.client, "deltas");
  }

  get sqs(): SQSClient {
    const send = async (command: unknown) => {
      if (command instanceof SendMessageBatchCommand) return this.#sendBack(command);
      const { input } = command as SendMessageCommand;
      this.sent.set(`${input.QueueUrl} ${input.MessageDeduplicationId}`, input.MessageBody ?? "");
      return {};
    };
    return { send } as unknown as SQSClient;
  }

  get services(): IngestDeps {
    const keep =
      (level: LogLine["level"]) =>
      (message: string, fields: Record<string, unknown> = {}) => {
        this.log.push({ level, message, fields });
      };
    const log: Log = { debug: keep("info"), info: keep("info"), warn: keep("info"), error: keep("error") };
    return {
      s3: this.buckets.client,
      deltasBucket: "deltas",
      deltas: this.deltas,
      runs: this.runs,
      queues: new RunQueues({
        client: this.sqs,
        queueUrls: { lines: ["lines.fifo"], words: ["words.fifo"] },
        region: "us-east-1",
      }),
      embedder: this.embedder,
      tokensPerRequest: requestLimits.tokens,
      requestSize: new RequestSize(),
      embedQueue: new ConsumedQueue(this.sqs, { queue: "embed", dlq: "embed-dlq" }, log),
      backPressure: new BackPressure({
        openRuns: this.openRuns,
        maxOpenRuns: this.maxOpenRuns,
        deferSeconds: 60,
        now: Date.now,
        random: () => 0.5,
        log,
      }),
      metrics: { ...silentMetrics, count: (name, value) => (this.counts[name] = value) },
      log,
    };
  }

  #sendBack({ input: { Entries = [] } }: SendMessageBatchCommand): object {
    const Failed = [...this.refusedPositions].map((position) => ({ Id: String(position), Code: "Busy" }));
    for (const [position, { MessageBody: body = "", DelaySeconds: delaySeconds = 0 }] of Entries.entries()) {
      if (!this.refusedPositions.has(position)) this.sentBack.push({ body, delaySeconds });
    }
    return { Failed };
  }

  /** Puts a receipt's objects into the artifacts bucket and returns its message. */
  receipt(texts: readonly string[], imageId = image): Record<string, unknown> {
    const lines = texts.map((text, index) =>
      line(
        index + 1,
        text,
        { x: 0.1, y: 0.9 - index * 0.05, width: 0.5, height: 0.02 },
        { image_id: imageId },
      ),
    );
    const words = lines.map((row) => word(row.line_id, 1, row.text, row.bounding_box, { image_id: imageId }));
    return this.objects(imageId, ndjsonOf(lines), ndjsonOf(words));
  }

  objects(imageId: string, lines: Uint8Array, words: Uint8Array): Record<string, unknown> {
    const name = createHash("sha256").update(lines).update(words).digest("hex").slice(0, 12);
    const [linesKey, wordsKey] = [
      `receipts/${imageId}/lines-${name}.ndjson`,
      `receipts/${imageId}/words-${name}.ndjson`,
    ];
    this.buckets.put("artifacts", linesKey, lines);
    this.buckets.put("artifacts", wordsKey, words);
    return {
      image_id: imageId,
      receipt_id: 1,
      artifacts_bucket: "artifacts",
      lines_key: linesKey,
      words_key: wordsKey,
    };
  }

  /** A message as the queue would deliver it. */
  delivery(body: unknown, sentTimestamp: number): Delivery {
    this.#delivered += 1;
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return { messageId: `message-${this.#delivered}`, body: text, sentTimestamp };
  }

  /** One invocation; the results in the order of the deliveries. */
  async ingest(...deliveries: Delivery[]): Promise<string[]> {
    const outcomes = await ingestMessages(deliveries, this.services);
    return deliveries.map(
      ({ messageId }) => outcomes.find((outcome) => outcome.messageId === messageId)?.result ?? "no outcome",
    );
  }

  get errors(): LogLine[] {
    return this.log.filter((line) => line.level === "error");
  }

  /** Keys in the deltas bucket. */
  get stored(): string[] {
    return [...this.buckets.objects.keys()].filter((path) => path.startsWith("deltas/"));
  }

  get embeddedTexts(): number {
    return this.embedder.requests.flat().length;
  }
}
