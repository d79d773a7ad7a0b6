import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { BundledFunction } from "./bundled-function.ts";
import { CatchUpApi } from "./catch-up-api.ts";
import type { CatchUpArgs } from "./catch-up-args.ts";
import { CatchUpFunctions, settlingSeconds } from "./catch-up-functions.ts";
import { CatchUpMachine } from "./catch-up-machine.ts";
import { CatchUpWatch } from "./catch-up-watch.ts";
import { DeadLetterQueue } from "./dead-letter-queue.ts";
import { KeyedTable } from "./keyed-table.ts";
import type { Named } from "./named.ts";
import { PrivateBucket } from "./private-bucket.ts";
import { StoredSecret } from "./stored-secret.ts";

/** Loads rows of a Metabase question or a CSV file into the hosted index: the API, the tasks and their workers. */
export class CatchUp extends pulumi.ComponentResource {
  readonly tasks: aws.dynamodb.Table;
  /** Holds the CSV files of callers. */
  readonly source: Named;
  /** Plans, results and failed records; all of them expire. */
  readonly work: Named;
  /** Vectors of texts that tasks have paid for; they expire. */
  readonly cache: Named | undefined;
  readonly functions: CatchUpFunctions;
  /** Settles tasks without a worker. */
  readonly watch: BundledFunction;
  readonly machine: CatchUpMachine;
  readonly api: CatchUpApi;
  /** Tasks that could not be settled. */
  readonly unsettled: aws.sqs.Queue;
  readonly apiKey: StoredSecret;

  constructor(name: string, args: CatchUpArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:CatchUp", name, {}, options);
    const inside = { parent: this };
    const { settings, keepData } = args;
    this.tasks = new KeyedTable(
      `${name}-tasks`,
      {
        keepData,
        stream: false,
        expiry: "expires_at",
        index: { name: "newest-first", hashKey: "kind", rangeKey: "created_at" },
      },
      inside,
    ).table;
    const work = new PrivateBucket(
      `${name}-work`,
      { keepData: false, expiring: { prefix: "", days: settings.taskDays } },
      inside,
    );
    this.work = { name: work.bucket.bucket, arn: work.bucket.arn };
    const { cache, cacheDays } = args.embedding;
    this.cache = cache ? cacheBucket(`${name}-cache`, cacheDays, inside) : undefined;
    this.source = args.sourceBucket ?? ownSource(`${name}-source`, keepData, inside);
    this.unsettled = new DeadLetterQueue(`${name}-unsettled`, { fifo: false }, inside).queue;
    this.apiKey = new StoredSecret(
      `${name}-api-key`,
      { description: "Key that callers of the catch-up API send", value: args.secrets.apiKey },
      inside,
    );

    this.functions = new CatchUpFunctions(
      name,
      {
        ...args,
        tasks: this.tasks,
        source: this.source,
        work: this.work,
        cache: this.cache,
        unsettled: this.unsettled,
        machine: (steps) => this.machineOf(name, steps, args),
      },
      inside,
    );
    this.machine = this.functions.machine;
    const { run, settle } = this.functions;
    const { machine } = this.machine;
    const { tasks } = this;
    this.watch = new CatchUpWatch(
      `${name}-watch`,
      { code: args.code.watch, tasks, machine, run, settle, settlingSeconds, defaults: args.defaults },
      inside,
    ).watch;
    this.api = new CatchUpApi(
      `${name}-api`,
      {
        api: this.functions.api,
        settings,
        apiKey: args.secrets.apiKey,
        logRetentionDays: args.defaults.logRetentionDays,
        isTraced: args.defaults.tracing.enabled,
      },
      inside,
    );
    this.registerOutputs();
  }

  private machineOf(
    name: string,
    { chunk, batch, settle }: Pick<CatchUpFunctions, "chunk" | "batch" | "settle">,
    { settings, defaults }: CatchUpArgs,
  ): CatchUpMachine {
    return new CatchUpMachine(
      name,
      {
        chunk,
        batch,
        settle,
        work: this.work,
        concurrency: settings.concurrency,
        batchesInFlight: settings.batchesInFlight,
        logRetentionDays: defaults.logRetentionDays,
        isTraced: defaults.tracing.enabled,
      },
      { parent: this },
    );
  }
}

/** Deleting it costs only what embedding its texts again costs. */
function cacheBucket(name: string, days: number, options: pulumi.ComponentResourceOptions): Named {
  const { bucket } = new PrivateBucket(name, { keepData: false, expiring: { prefix: "", days } }, options);
  return { name: bucket.bucket, arn: bucket.arn };
}

function ownSource(name: string, keepData: boolean, options: pulumi.ComponentResourceOptions): Named {
  const { bucket } = new PrivateBucket(name, { keepData }, options);
  return { name: bucket.bucket, arn: bucket.arn };
}
