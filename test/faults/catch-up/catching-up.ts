import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { DescribeExecutionCommand, SFNClient, StopExecutionCommand } from "@aws-sdk/client-sfn";
import { type Index, Pinecone } from "@pinecone-database/pinecone";
import type { ShownTask } from "../../../core/catchup/api/show-task.ts";
import { type FailedRecord, failedRecord } from "../../../core/catchup/records/failed-record.ts";
import { isOpen } from "../../../core/catchup/tasks/task.ts";
import type { LoopbackServer } from "../../../local/loopback-server.ts";
import { type MetabaseServer, serveMetabase } from "../../../local/metabase/server.ts";
import { startPineconeServer } from "../../../local/pinecone/server.ts";
import { eventually } from "../../flows/eventually.ts";
import { RunningStack } from "../../flows/running-stack.ts";
import { Between } from "./between.ts";

/** Of the local embedding model. */
const dimension = 512;

export interface Said {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

interface Asking {
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Undefined sends none. */
  readonly key?: string | undefined;
}

/** A running stack that catches up, with the servers that it brings rows from and to in the hands of the test. */
export class CatchingUp {
  readonly stack: RunningStack;
  readonly metabase: MetabaseServer;
  /** Stands before Pinecone. */
  readonly pinecone: Between;
  /** Pinecone's own client, which goes past what stands before it. */
  readonly index: Index;
  readonly outputs: NonNullable<RunningStack["outputs"]["catchUp"]>;
  readonly #key: string;
  readonly #server: LoopbackServer;

  private constructor(
    stack: RunningStack,
    servers: { metabase: MetabaseServer; pinecone: Between; server: LoopbackServer },
    key: string,
  ) {
    const { catchUp } = stack.outputs;
    if (!catchUp) throw new Error("The stack does not catch up.");
    this.stack = stack;
    this.outputs = catchUp;
    this.metabase = servers.metabase;
    this.pinecone = servers.pinecone;
    this.#server = servers.server;
    this.#key = key;
    const client = new Pinecone({ apiKey: "any" });
    this.index = client.index({ host: `${servers.server.url}/hosts/records` });
  }

  static async start(settings: Readonly<Record<string, string>>, minuteMs?: number): Promise<CatchingUp> {
    const server = await startPineconeServer({ port: 0, indexes: [{ name: "records", dimension }] });
    const pinecone = await Between.start(server.url);
    const metabase = await serveMetabase({ port: 0, questions: [] });
    const providers = {
      "catchup:pineconeHost": `${pinecone.url}/hosts/records`,
      "catchup:metabaseUrl": metabase.url,
    };
    const stack = await RunningStack.start({ ...providers, ...settings }, minuteMs);
    const key = await secretOf(stack, stack.outputs.catchUp?.apiKeySecret ?? "");
    return new CatchingUp(stack, { metabase, pinecone, server }, key);
  }

  async stop(): Promise<void> {
    await this.stack.stop();
    await Promise.all([this.pinecone.stop(), this.metabase.close(), this.#server.close()]);
  }

  async ask(
    method: string,
    path: string,
    { body, headers = {}, key = this.#key }: Asking = {},
  ): Promise<Said> {
    const answer = await fetch(`${this.outputs.url}${path}`, {
      method,
      headers: { ...headers, ...(key !== "" && { "x-api-key": key }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }

  /** What a function is told by its environment. */
  async environmentOf(functionName: string): Promise<Readonly<Record<string, string>>> {
    const client = new LambdaClient(clientOf(this.stack));
    try {
      const said = await client.send(new GetFunctionConfigurationCommand({ FunctionName: functionName }));
      return said.Environment?.Variables ?? {};
    } finally {
      client.destroy();
    }
  }

  /** The values of the secrets of the stack that catching up uses. */
  async keys(): Promise<string[]> {
    const environment = await this.environmentOf(this.outputs.functions.run);
    const names = Object.entries(environment).flatMap(([name, value]) =>
      name.endsWith("_SECRET") ? [value] : [],
    );
    return Promise.all([this.outputs.apiKeySecret, ...names].map((name) => secretOf(this.stack, name)));
  }

  /** What the execution of a task was given, and what it answered. */
  executionOf(taskId: string): Promise<{ input?: string | undefined; output?: string | undefined }> {
    return this.#ofExecution(taskId, (client, executionArn) =>
      client.send(new DescribeExecutionCommand({ executionArn })),
    );
  }

  /** Aborts the execution of a task as an operator does; the task stays open. */
  async abortExecutionOf(taskId: string): Promise<void> {
    await this.#ofExecution(taskId, (client, executionArn) =>
      client.send(new StopExecutionCommand({ executionArn })),
    );
  }

  async #ofExecution<Answer>(
    taskId: string,
    call: (client: SFNClient, executionArn: string) => Promise<Answer>,
  ): Promise<Answer> {
    const client = new SFNClient(clientOf(this.stack));
    const machine = this.outputs.stateMachineArn;
    try {
      return await call(client, `${machine.replace(":stateMachine:", ":execution:")}:${taskId}`);
    } finally {
      client.destroy();
    }
  }

  /** Puts a file where callers put theirs. Returns its key. */
  async put(key: string, file: string | Uint8Array): Promise<string> {
    await this.stack.s3.send(
      new PutObjectCommand({ Bucket: this.outputs.sourceBucket, Key: key, Body: file }),
    );
    return key;
  }

  /** Has a request carried out; returns the id of its task. */
  async started(request: object, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const { status, body } = await this.ask("POST", "/process", { body: request, headers });
    expect({ status, body }).toMatchObject({ status: 202 });
    return String(body.task_id);
  }

  async status(taskId: string): Promise<ShownTask> {
    const { status, body } = await this.ask("GET", `/status?task_id=${taskId}`);
    expect({ status, body }).toMatchObject({ status: 200 });
    return body as unknown as ShownTask;
  }

  /** The task when it is over. */
  over(taskId: string, seconds = 90): Promise<ShownTask> {
    return eventually(seconds, async () => {
      const task = await this.status(taskId);
      if (isOpen(task.status)) throw new Error(`Task ${taskId} is ${JSON.stringify(task)}.`);
      return task;
    });
  }

  /** What the files of a task's failed records hold, by row. */
  async failed({ failed_records_key: prefix }: ShownTask): Promise<FailedRecord[]> {
    const place = { Bucket: this.outputs.workBucket };
    const { Contents = [] } = await this.stack.s3.send(
      new ListObjectsV2Command({ ...place, Prefix: prefix ?? "none" }),
    );
    const files = await Promise.all(
      Contents.map(async ({ Key }) => {
        const { Body } = await this.stack.s3.send(new GetObjectCommand({ ...place, Key }));
        return (await Body?.transformToString()) ?? "";
      }),
    );
    const lines = files.flatMap((file) => file.split("\n").filter(Boolean));
    return lines
      .map((line) => failedRecord.parse(JSON.parse(line)))
      .sort((one, other) => one.row - other.row);
  }

  /** Ids in a namespace of the index, sorted. */
  async ids(namespace: string): Promise<string[]> {
    const found: string[] = [];
    for (let token: string | undefined, more = true; more; more = token !== undefined) {
      const page = await this.index.listPaginated({ namespace, ...(token && { paginationToken: token }) });
      found.push(...(page.vectors ?? []).flatMap(({ id }) => id ?? []));
      token = page.pagination?.next;
    }
    return found.sort();
  }

  async metadata(namespace: string, id: string): Promise<Record<string, unknown> | undefined> {
    const { records } = await this.index.fetch({ namespace, ids: [id] });
    return records[id]?.metadata;
  }
}

/** A CSV of rows, each a list of cells; every cell is quoted. */
export function csvOf(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",");
  return `${[columns, ...rows].map(line).join("\n")}\n`;
}

async function secretOf(stack: RunningStack, SecretId: string): Promise<string> {
  const client = new SecretsManagerClient(clientOf(stack));
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId }))).SecretString ?? "";
  } finally {
    client.destroy();
  }
}

/** Acts as the administrator of the stack. */
function clientOf({ environment, outputs }: RunningStack) {
  const { AWS_ENDPOINT_URL: endpoint = "", AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "" } = environment;
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  return { endpoint, region: outputs.region, credentials };
}
