import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { StackOutputs } from "../../cli/target.ts";
import type { ShownTask } from "../../core/catchup/api/show-task.ts";
import type { FailedRecord } from "../../core/catchup/records/failed-record.ts";
import { eventually } from "./eventually.ts";
import type { RunningStack } from "./running-stack.ts";
import { type SinkReader, sinkReader } from "./sink-readers.ts";

const over = ["COMPLETED", "PARTIALLY_COMPLETED", "FAILED", "CANCELLED", "SKIPPED"];

export interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A caller of a running stack's catch-up API, who can also look at what it did. */
export class CatchUpCaller {
  readonly outputs: NonNullable<StackOutputs["catchUp"]>;
  readonly #stack: RunningStack;
  readonly #key: string;
  readonly #sink: SinkReader;

  private constructor(stack: RunningStack, key: string, sink: SinkReader) {
    if (stack.outputs.catchUp === undefined) throw new Error("The stack has no catch-up API.");
    this.outputs = stack.outputs.catchUp;
    this.#stack = stack;
    this.#key = key;
    this.#sink = sink;
  }

  static async of(stack: RunningStack): Promise<CatchUpCaller> {
    const client = {
      endpoint: stack.environment.AWS_ENDPOINT_URL ?? "",
      region: stack.outputs.region,
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
    };
    const { apiKeySecret = "", functions } = stack.outputs.catchUp ?? {};
    const { SecretString = "" } = await new SecretsManagerClient(client).send(
      new GetSecretValueCommand({ SecretId: apiKeySecret }),
    );
    const { Environment } = await new LambdaClient(client).send(
      new GetFunctionConfigurationCommand({ FunctionName: functions?.chunk }),
    );
    return new CatchUpCaller(stack, SecretString, sinkReader(stack, Environment?.Variables ?? {}));
  }

  async call(
    route: string,
    { body, headers }: { body?: object; headers?: Record<string, string> } = {},
  ): Promise<Answered> {
    const [method = "", path = ""] = route.split(" ");
    const answer = await fetch(`${this.outputs.url}${path}`, {
      method,
      headers: { "x-api-key": this.#key, ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Answered["body"] };
  }

  /** Starts a task and returns its id. */
  async start(body: object): Promise<string> {
    const { status, body: answer } = await this.call("POST /process", { body });
    expect([status, answer]).toEqual([202, expect.objectContaining({ task_id: expect.any(String) })]);
    return String(answer.task_id);
  }

  async status(taskId: string): Promise<ShownTask> {
    const { body } = await this.call(`GET /status?task_id=${taskId}`);
    return body as unknown as ShownTask;
  }

  /** The task once it is over. */
  ended(taskId: string, seconds = 60): Promise<ShownTask> {
    return eventually(seconds, async () => {
      const task = await this.status(taskId);
      expect(over).toContain(task.status);
      return task;
    });
  }

  /** Puts a file into the source bucket. */
  async upload(Key: string, Body: string | Uint8Array): Promise<void> {
    await this.#stack.s3.send(new PutObjectCommand({ Bucket: this.outputs.sourceBucket, Key, Body }));
  }

  /** The failed records of a task, in the order of their rows. */
  async failed(taskId: string): Promise<FailedRecord[]> {
    const Bucket = this.outputs.workBucket;
    const { s3 } = this.#stack;
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket, Prefix: `failed/${taskId}/` }),
    );
    const files = await Promise.all(
      Contents.map(async ({ Key }) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
        return (await Body?.transformToString()) ?? "";
      }),
    );
    const records = files.flatMap((file) => file.split("\n").filter(Boolean)).map((line) => JSON.parse(line));
    return (records as FailedRecord[]).sort((one, other) => one.row - other.row);
  }

  /** Metadata of the sink's vectors, by id. */
  indexed(namespace: string, ids: readonly string[]): Promise<Record<string, unknown>> {
    return this.#sink.metadata(namespace, ids);
  }

  count(namespace: string): Promise<number> {
    return this.#sink.count(namespace);
  }
}

/** A CSV of `rows` valid rows; some have a text of several lines. */
export function csvOf(rows: number, text: (row: number) => string = (row) => `Row ${row}`): string {
  const lines = Array.from({ length: rows }, (_, index) => {
    const cell = index % 3 === 0 ? `"${text(index)}\nand ""more"""` : text(index);
    return `${String(index).padStart(4, "0")},${cell},2026-11-${String(1 + (index % 28)).padStart(2, "0")},"1,${String(index).padStart(3, "0")}"`;
  });
  return `id,formatted_text,created_at,amount\r\n${lines.join("\r\n")}`;
}

export function idsOf(question: string, rows: number): string[] {
  return Array.from({ length: rows }, (_, index) => `${question}.${String(index).padStart(4, "0")}`);
}
