import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { RDSDataClient, RollbackTransactionCommand } from "@aws-sdk/client-rds-data";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import sharp from "sharp";
import type { ImagesOutputs } from "../../../cli/target.ts";
import { DataApiDatabase } from "../../../core/images/database/data-api-database.ts";
import { type ItemState, ItemStates, type ShownAnalysis } from "../../../core/images/database/item-states.ts";
import { renditionKeys } from "../../../core/images/events/rendition-keys.ts";
import { verifyImages } from "../../../core/images/verify/verify-images.ts";
import { imageFlowAlone } from "../../../local/image-flow-alone.ts";
import { setConsuming } from "../../flows/consuming.ts";
import { eventually } from "../../flows/eventually.ts";
import { RunningStack } from "../../flows/running-stack.ts";

export type Step = "processor" | "analyzer" | "embedder";

const queueOf = { processor: "uploads", analyzer: "analysis", embedder: "embedding" } as const;
const queues = ["uploads", "analysis", "embedding"] as const;
const maxWaitSeconds = 240;
const user = "demo";

/** An image of a user, and what is known of it. */
export interface Held {
  readonly item: ItemState;
  /** Newest first. */
  readonly analyses: readonly ShownAnalysis[];
}

/** The image flow on a running stack, as tests trouble it and look at what is left. */
export class TroubledFlow {
  readonly stack: RunningStack;
  readonly #outputs: ImagesOutputs;
  readonly #data: RDSDataClient;
  readonly #database: DataApiDatabase;
  readonly #states: ItemStates;
  readonly #visionUrl: string;
  readonly #voyageUrl: string;
  readonly #visibility = new Map<string, string>();

  private constructor(stack: RunningStack, visionUrl: string, voyageUrl: string) {
    this.stack = stack;
    if (stack.outputs.images === undefined) throw new Error("The stack has no image flow.");
    this.#outputs = stack.outputs.images;
    const { clusterArn, databaseSecretArn: secretArn, databaseName: database } = this.#outputs;
    this.#data = new RDSDataClient(stack.client);
    const giveUpAt = Number.POSITIVE_INFINITY;
    this.#database = new DataApiDatabase({ client: this.#data, clusterArn, secretArn, database, giveUpAt });
    this.#states = new ItemStates(this.#database);
    this.#visionUrl = visionUrl;
    this.#voyageUrl = voyageUrl.replace(/\/v1$/, "");
  }

  /** The vision model answers without a look at the image: what it says is not at issue. */
  static async start(): Promise<TroubledFlow> {
    const stack = await RunningStack.start(imageFlowAlone);
    const lambda = new LambdaClient(stack.client);
    const FunctionName = stack.outputs.images?.functions.analyzer;
    const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    const embedder = stack.outputs.images?.functions.embedder;
    const voyage = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: embedder }));
    lambda.destroy();
    const flow = new TroubledFlow(
      stack,
      Environment?.Variables?.ANTHROPIC_BASE_URL ?? "",
      voyage.Environment?.Variables?.VOYAGE_BASE_URL ?? "",
    );
    await post(`${flow.#visionUrl}/local/instant`, true);
    return flow;
  }

  async stop(): Promise<void> {
    this.#data.destroy();
    await this.stack.stop();
  }

  functionOf(step: Step): string {
    return this.#outputs.functions[step];
  }

  /** Faults of the vision model's next answers. */
  async failModel(...faults: readonly { readonly fault: object; readonly times?: number }[]): Promise<void> {
    await post(`${this.#visionUrl}/local/faults`, faults);
  }

  async failVoyage(...faults: readonly { readonly fault: object; readonly times?: number }[]): Promise<void> {
    await post(`${this.#voyageUrl}/local/faults`, faults);
  }

  async put(name: string, Body: Uint8Array): Promise<void> {
    await this.stack.s3.send(
      new PutObjectCommand({ Bucket: this.#outputs.bucket, Key: `${user}/${name}`, Body }),
    );
  }

  async delete(name: string): Promise<void> {
    await this.stack.s3.send(
      new DeleteObjectCommand({ Bucket: this.#outputs.bucket, Key: `${user}/${name}` }),
    );
  }

  itemOf(name: string): Promise<ItemState | undefined> {
    return this.#states.find(`${user}/${name}`);
  }

  /** Waits until no message of the flow is anywhere and the images agree with their items, analyses and vectors. */
  async settled(seconds = maxWaitSeconds): Promise<void> {
    await eventually(seconds, async () => {
      expect(await this.#messages()).toBe(0);
      const { s3 } = this.stack;
      const { bucket } = this.#outputs;
      expect((await verifyImages({ s3, states: this.#states, bucket })).findings).toEqual([]);
      // Between a step's event and its message.
      await sleep(200);
      expect(await this.#messages()).toBe(0);
    });
  }

  /** Waits until the only message of the flow is the one that a step holds. */
  async othersSettled(step: Step): Promise<void> {
    await eventually(maxWaitSeconds, async () => {
      expect(await this.#messages()).toBe(1);
      await sleep(200);
      expect(await this.#messages()).toBe(1);
      expect(Number(await this.#attribute(this.queueUrlOf(step), depths[1]))).toBe(1);
    });
  }

  /** What is held of an image, which must be there. */
  async held(name: string): Promise<Held> {
    const item = await this.itemOf(name);
    if (item === undefined) throw new Error(`There is no item of ${name}.`);
    return { item, analyses: await this.#states.analysesOf(item) };
  }

  /** Answers of the vision model about the newest content of an image: each was paid for. */
  async paidFor({ item }: Held): Promise<number> {
    const { analysis: Key } = renditionKeys(item.user_id, item.id, item.object_sequencer);
    const Bucket = this.#outputs.renditionsBucket;
    const { Body } = await this.stack.s3.send(new GetObjectCommand({ Bucket, Key }));
    const jpeg = (await Body?.transformToByteArray()) ?? new Uint8Array();
    const digest = createHash("sha256").update(jpeg).digest("hex");
    const usage = await (await fetch(`${this.#visionUrl}/local/usage`)).json();
    return (usage as { byImage: Record<string, number> }).byImage[digest] ?? 0;
  }

  /** Keys of all renditions of an image, of whatever version. */
  async renditionsOf(name: string): Promise<string[]> {
    const Prefix = `${user}/${name.replace(/\.\w+$/, "")}/`;
    const { Contents = [] } = await this.stack.s3.send(
      new ListObjectsV2Command({ Bucket: this.#outputs.renditionsBucket, Prefix }),
    );
    return Contents.map(({ Key = "" }) => Key);
  }

  /** Reasons of all dead letters of the flow, as `npm run failed` lists them, by image. */
  async failures(): Promise<Record<string, string>> {
    const { stdout } = await this.stack.command("failed", "--json", ...deadLetters);
    const listed = JSON.parse(stdout) as { things: { image_id?: string; reason: string }[] }[];
    return Object.fromEntries(
      listed.flatMap(({ things }) => things.map(({ image_id = "", reason }) => [image_id, reason])),
    );
  }

  /**
   * What minutes do after a process was killed: its transaction is rolled back when three have passed without a call, and
   * its claim lasts until the end of its timeout.
   */
  async passTime(): Promise<void> {
    const { transactionId } = await this.stack.armed();
    const { clusterArn: resourceArn, databaseSecretArn: secretArn } = this.#outputs;
    if (transactionId !== undefined) {
      const command = new RollbackTransactionCommand({ resourceArn, secretArn, transactionId });
      // It may have been committed.
      await this.#data.send(command).catch(() => undefined);
    }
    await this.#database.execute("update claims set expires_at = now() - interval '1 second'");
  }

  /** Messages of processes that die are redelivered soon, as after the queue's own visibility timeout. */
  async redeliverSoon(seconds: number | undefined): Promise<void> {
    for (const queue of queues) {
      const QueueUrl = this.#outputs.queueUrls[queue];
      const usual = this.#visibility.get(queue) ?? (await this.#attribute(QueueUrl, "VisibilityTimeout"));
      this.#visibility.set(queue, usual);
      const VisibilityTimeout = seconds === undefined ? usual : String(seconds);
      await this.stack.sqs.send(
        new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout } }),
      );
    }
  }

  /** The step's queue keeps its messages during the work, or until it is polled again. */
  async withoutPolling(step: Step, work: () => Promise<void>): Promise<void> {
    await setConsuming(this.stack, this.functionOf(step), false);
    try {
      await work();
    } finally {
      await setConsuming(this.stack, this.functionOf(step), true);
    }
  }

  resumePolling(step: Step): Promise<void> {
    return setConsuming(this.stack, this.functionOf(step), true);
  }

  /** Takes messages out of the step's queue; resolves to their bodies in the order of S3's sequencers. */
  async takeMessages(step: Step, count: number): Promise<string[]> {
    const QueueUrl = this.queueUrlOf(step);
    const bodies: string[] = [];
    await eventually(30, async () => {
      const { Messages = [] } = await this.stack.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
      );
      for (const { Body = "", ReceiptHandle } of Messages) {
        await this.stack.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        bodies.push(Body);
      }
      expect(bodies).toHaveLength(count);
    });
    const sequencerOf = (body: string): string => JSON.parse(body).detail.object.sequencer;
    return bodies.sort((one, other) => (sequencerOf(one) < sequencerOf(other) ? -1 : 1));
  }

  async send(step: Step, MessageBody: string): Promise<void> {
    await this.stack.sqs.send(new SendMessageCommand({ QueueUrl: this.queueUrlOf(step), MessageBody }));
  }

  /** As Aurora does to a cluster that nobody uses: the next call begins to resume it, and fails. */
  async pauseDatabase(resumeSeconds: number): Promise<void> {
    const resourceArn = this.#outputs.clusterArn;
    const url = new URL("/local/pause", this.stack.environment.AWS_ENDPOINT_URL);
    const body = JSON.stringify({ resourceArn, resumeSeconds });
    const { ok, status } = await fetch(url, {
      method: "POST",
      headers: {
        authorization:
          "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/rds-data/aws4_request, SignedHeaders=host, Signature=0",
      },
      body,
    });
    if (!ok) throw new Error(`The pause was answered ${status}.`);
  }

  queueUrlOf(step: Step): string {
    return this.#outputs.queueUrls[queueOf[step]];
  }

  /** Cold starts are part of what is tried. */
  async endProcesses(step: Step): Promise<void> {
    for (const pid of await this.stack.processesOf(this.functionOf(step))) process.kill(pid, "SIGKILL");
    await eventually(10, async () => {
      expect(await this.stack.processesOf(this.functionOf(step))).toEqual([]);
    });
  }

  async #messages(): Promise<number> {
    const counts = await Promise.all(
      Object.values(this.#outputs.queueUrls).flatMap((url) =>
        depths.map(async (name) => Number(await this.#attribute(url, name))),
      ),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async #attribute(QueueUrl: string, name: Depth | "VisibilityTimeout"): Promise<string> {
    const { Attributes } = await this.stack.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [name] }),
    );
    return Attributes?.[name] ?? "0";
  }
}

const depths = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
] as const;
type Depth = (typeof depths)[number];

const deadLetters = [...queues.map((queue) => `image-${queue}-dead-letters`), "image-undelivered"];

/** A picture like no other, of which nothing but the noise is known. */
export function picture(): Promise<Buffer> {
  const noise = { type: "gaussian", mean: 128, sigma: 40 } as const;
  return sharp({ create: { width: 48, height: 32, channels: 3, background: "#808080", noise } })
    .png()
    .toBuffer();
}

async function post(url: string, body: unknown): Promise<void> {
  const { ok, status } = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!ok) throw new Error(`${url} answered ${status}.`);
}
