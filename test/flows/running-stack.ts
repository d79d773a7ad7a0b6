import { type ChildProcess, execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { SearchHits } from "../../cli/search-client.ts";
import { runningStackFile, type StackOutputs } from "../../cli/target.ts";
import { freePorts } from "../../local/free-ports.ts";
import type { Wire } from "./tripwire.ts";

interface Started {
  readonly outputs: StackOutputs;
  readonly environment: Readonly<Record<string, string>>;
  /** Folder of the file system that holds the collections. */
  readonly files: string;
}

interface Answer {
  readonly usage: { readonly requests: number; readonly inputs: number; readonly batchInputs: number };
  readonly processes: readonly number[];
  readonly problems: readonly string[];
  readonly calls: readonly string[];
  readonly isTripped: boolean;
  readonly transactionId?: string;
}

export interface CommandOutput {
  readonly stdout: string;
  readonly code: number;
}

/** Faster than what people want to watch: short leases, quick publishes, few retries, free ports. */
const quick = {
  ...freePorts,
  // Their processes are for the tests of the bulk API and of the image flow alone.
  "bulk:enabled": "false",
  "images:enabled": "false",
  "merchants:enabled": "false",
  "ingest:windowSeconds": "0",
  // Ten seconds more pass before a message is redelivered whose process dies before its first call.
  "compaction:timeoutSeconds": "30",
  "compaction:leaseSeconds": "5",
  "compaction:leaseWaitSeconds": "4",
  "compaction:drainSeconds": "1",
  "compaction:minPublishIntervalSeconds": "0",
  "compaction:maxFailures": "2",
};

/** The real local stack in a process of its own, with clients that act as its administrator. */
export class RunningStack {
  readonly outputs: StackOutputs;
  readonly environment: Readonly<Record<string, string>>;
  readonly collectionsPath: string;
  /** A project folder whose running stack is this one, for commands. */
  readonly folder: string;
  /** Options of an SDK client that acts as the administrator. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly logs: CloudWatchLogsClient;
  readonly dynamo: DynamoDBDocumentClient;
  readonly #child: ChildProcess;
  #asked = 0;

  private constructor(child: ChildProcess, folder: string, { outputs, environment, files }: Started) {
    const {
      AWS_ENDPOINT_URL: endpoint = "",
      AWS_ACCESS_KEY_ID = "",
      AWS_SECRET_ACCESS_KEY = "",
    } = environment;
    const client = {
      endpoint,
      region: outputs.region,
      credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
    };
    this.client = client;
    this.#child = child;
    this.folder = folder;
    this.outputs = outputs;
    this.environment = environment;
    this.collectionsPath = join(files, "collections");
    this.s3 = new S3Client({ ...client, forcePathStyle: true });
    this.sqs = new SQSClient(client);
    this.logs = new CloudWatchLogsClient(client);
    this.dynamo = DynamoDBDocumentClient.from(new DynamoDBClient(client));
  }

  /** With other settings beside or instead of the quick ones. A minute of the schedules may be shorter. */
  static async start(
    settings: Readonly<Record<string, string>> = {},
    minuteMs?: number,
  ): Promise<RunningStack> {
    const folder = await mkdtemp(join(tmpdir(), "flow-"));
    const child = fork(
      join(import.meta.dirname, "stack-host.ts"),
      [join(folder, "state"), JSON.stringify({ config: { ...quick, ...settings }, minuteMs })],
      {
        cwd: join(import.meta.dirname, "../.."),
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      },
    );
    const failed = once(child, "exit").then(([code]) => {
      throw new Error(`The stack ended with code ${code} before it was up.`);
    });
    const [started] = (await Promise.race([once(child, "message"), failed])) as [Started];
    failed.catch(() => undefined);
    const stack = new RunningStack(child, folder, started);
    await mkdir(join(folder, ".vectorkeep"));
    await writeFile(join(folder, runningStackFile), JSON.stringify(started));
    return stack;
  }

  async stop(): Promise<void> {
    for (const client of [this.s3, this.sqs, this.logs, this.dynamo]) client.destroy();
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }

  async embeddingRequests(): Promise<number> {
    return (await this.#ask("")).usage.requests;
  }

  /** Texts that were embedded, and so paid for. */
  async textsPaid(): Promise<number> {
    return (await this.#ask("")).usage.inputs;
  }

  /** The same at half the price, by the Batch API. */
  async textsPaidInBatches(): Promise<number> {
    return (await this.#ask("")).usage.batchInputs;
  }

  /** Process ids of a function. */
  async processesOf(functionName: string): Promise<readonly number[]> {
    return (await this.#ask(functionName)).processes;
  }

  /** Process ids of a function that have logged these words: of those that run, the ones that have come so far. */
  async processesThatLogged(functionName: string, logGroupName: string, words: string): Promise<number[]> {
    const pids: number[] = [];
    for (const pid of await this.processesOf(functionName)) {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      const logStreamName = /AWS_LAMBDA_LOG_STREAM_NAME=([^\0]+)/.exec(environment)?.[1] ?? "none";
      const its = { logGroupName, logStreamNames: [logStreamName], filterPattern: words };
      const { events = [] } = await this.logs.send(new FilterLogEventsCommand(its));
      if (events.length > 0) pids.push(pid);
    }
    return pids;
  }

  /** Notes the calls of a function to AWS from here on, and does at one of them what the wire says. */
  async arm(wire: Pick<Wire, "functionName"> & Partial<Wire>): Promise<void> {
    await this.#ask("", wire);
  }

  /** The calls since a wire was armed, whether it was tripped, and the transaction that was begun. */
  async armed(): Promise<Pick<Answer, "calls" | "isTripped" | "transactionId">> {
    return this.#ask("");
  }

  async problems(): Promise<readonly string[]> {
    return (await this.#ask("")).problems;
  }

  /** Messages of a function's log that contain the pattern's words. */
  async logged(logGroupName: string, filterPattern: string): Promise<readonly string[]> {
    const { events = [] } = await this.logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern }));
    return events.map(({ message = "" }) => message);
  }

  /** What a command prints, and its exit code. */
  async command(name: string, ...args: string[]): Promise<CommandOutput> {
    const file = join(import.meta.dirname, "../../cli", `${name}.ts`);
    const ended = promisify(execFile)(process.execPath, [file, ...args], { cwd: this.folder });
    return ended.then(
      ({ stdout }) => ({ stdout, code: 0 }),
      ({ stdout, stderr, code }: { stdout: string; stderr: string; code: number }) => ({
        stdout: `${stdout}${stderr}`,
        code,
      }),
    );
  }

  /** What `npm run search -- TEXT --json` prints. */
  async search(text: string, ...options: string[]): Promise<SearchHits> {
    const command = join(import.meta.dirname, "../../cli/search.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [command, text, "--json", ...options], {
      cwd: this.folder,
    });
    return JSON.parse(stdout);
  }

  #ask(processesOf: string, arm?: Pick<Wire, "functionName"> & Partial<Wire>): Promise<Answer> {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve) => {
      const listen = (answer: Answer & { id: number }) => {
        if (answer.id !== id) return;
        this.#child.off("message", listen);
        resolve(answer);
      };
      this.#child.on("message", listen);
      this.#child.send({ id, processesOf, arm });
    });
  }
}
