import { join } from "node:path";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { S3Client } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CatchUpClient, type ShownTask } from "../../cli/catchup/client.ts";
import { follow } from "../../cli/catchup/follow.ts";
import { upload } from "../../cli/catchup/upload.ts";
import type { StackOutputs } from "../../cli/target.ts";
import { type Service, startService } from "../child.ts";
import type { StackAnnouncement } from "../services/local-stack.ts";
import { StoredWronglyError } from "../stored-wrongly-error.ts";
import { type FunctionReport, functionReport } from "./function-reports.ts";

export interface CatchUpStackOptions {
  /** Ends in `/v1`. */
  readonly embeddingsUrl: string;
  readonly model: string;
  readonly dimensions: number;
  readonly sinkUrl: string;
  readonly rowsPerChunk: number;
  readonly folder: string;
  /** Further settings. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * The stack's process stands for much of AWS and holds the objects of all buckets in memory. These options keep its
 * garbage collector from running after a fixed number of allocated bytes, limit it to one core, and keep its pauses
 * within milliseconds.
 */
const stackOptions = [
  "--external-memory-accounted-in-global-limit",
  "--initial-old-space-size=4096",
  "--no-memory-reducer",
  "--max-semi-space-size=2",
  "--v8-pool-size=1",
];

export const functionNames = ["api", "run", "chunk", "settle"] as const;
type FunctionName = (typeof functionNames)[number];

/** For a task over all rows of an object. */
export function requestFor(key: string, host: "function" | "state_machine" = "state_machine") {
  return { data_source: "s3_csv", s3_key: key, all_dates: true, host };
}

/** The deployed local stack with the benchmark's providers, as a caller of its catch-up API sees it. */
export class CatchUpStack {
  readonly client: CatchUpClient;
  readonly url: string;
  readonly apiKey: string;
  readonly #outputs: NonNullable<StackOutputs["catchUp"]>;
  readonly #service: Service<StackAnnouncement>;
  readonly #s3 = new S3Client({});
  readonly #logs = new CloudWatchLogsClient({});

  private constructor(
    service: Service<StackAnnouncement>,
    outputs: NonNullable<StackOutputs["catchUp"]>,
    apiKey: string,
  ) {
    this.#service = service;
    this.#outputs = outputs;
    this.url = outputs.url;
    this.apiKey = apiKey;
    this.client = new CatchUpClient(outputs.url, apiKey);
  }

  static async start(options: CatchUpStackOptions): Promise<CatchUpStack> {
    const config = {
      "query:enabled": "false",
      "embedding:baseUrl": options.embeddingsUrl,
      "embedding:model": options.model,
      "embedding:dimensions": String(options.dimensions),
      "embedding:requestsPerMinute": "1000000",
      "embedding:tokensPerMinute": "1000000000",
      "catchup:requestsPerSecond": "10000",
      "catchup:requestsPerSecondOfCallers": "1000",
      "catchup:burstOfCallers": "1000",
      "catchup:pineconeHost": options.sinkUrl,
      "catchup:questionId": "bench",
      "catchup:rowsPerChunk": String(options.rowsPerChunk),
      ...options.settings,
    };
    const args = [join(options.folder, "stack"), JSON.stringify(config)];
    const service = await startService<StackAnnouncement>("local-stack.ts", args, stackOptions);
    // As a user's shell does: from here on this process is one of the stack's clients.
    Object.assign(process.env, service.environment);
    const { catchUp } = service.outputs;
    if (catchUp === undefined) throw new Error("The local stack has no catch-up API.");
    return new CatchUpStack(service, catchUp, await secretValue(catchUp.apiKeySecret));
  }

  /** Where the vectors of S3 Vectors are counted, as those of another sink at its own URL. */
  get s3VectorsUrl(): string {
    return this.#service.helperUrl;
  }

  /** Undefined where the settings do not enable it. */
  get bulk(): StackOutputs["bulk"] {
    return this.#service.outputs.bulk;
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }

  /** Puts a file into the source bucket. Returns its key. */
  upload(path: string): Promise<string> {
    return upload(path, this.#outputs.sourceBucket, this.#s3, () => {});
  }

  /** Starts a task over all rows of an object. Returns its id. */
  startTask(key: string, host?: "function"): Promise<string> {
    return this.client.start(requestFor(key, host));
  }

  /** Throws StoredWronglyError unless the task is completed in the end. */
  async untilOver(taskId: string): Promise<ShownTask> {
    const task = await follow(taskId, this.client, () => {});
    if (task.status !== "COMPLETED")
      throw new StoredWronglyError(`the task is ${task.status}: ${task.error}`);
    return task;
  }

  /** What the functions say of their invocations that ended after `since` (epoch ms). */
  async reports(since: number): Promise<Record<FunctionName, FunctionReport>> {
    const all = functionNames.map(
      async (name) => [name, await functionReport(this.#logs, this.#outputs.logGroups[name], since)] as const,
    );
    return Object.fromEntries(await Promise.all(all)) as Record<FunctionName, FunctionReport>;
  }

  /** Bytes of an object of the source bucket that were read so far. */
  async bytesRead(key: string): Promise<number> {
    const answer = await fetch(this.#service.helperUrl);
    const read = new Map((await answer.json()) as [string, number][]);
    return read.get(`/${this.#outputs.sourceBucket}/${key}`) ?? 0;
  }

  /** On AWS the API shares no core with the workers. Here the workers are pinned to the last core, and everything else to the others. */
  async keepWorkersApart(): Promise<void> {
    await fetch(this.#service.helperUrl, { method: "POST" });
  }
}

/** Not remembered: the next stack of a run has a secret of the same name. */
async function secretValue(SecretId: string): Promise<string> {
  const client = new SecretsManagerClient({});
  const { SecretString = "" } = await client.send(new GetSecretValueCommand({ SecretId }));
  client.destroy();
  return SecretString;
}
