import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { generationsConfig } from "../../functions/generations/config.ts";
import type { Settings } from "../config.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import type { Compaction } from "./compaction.ts";
import { environmentOf } from "./environment.ts";
import type { Network } from "./network.ts";
import { allow, assumedBy, items, list, policyOf, readObjects, sendTo } from "./permissions.ts";
import type { Storage } from "./storage.ts";

const collectionsPath = "/mnt/collections";
/** A lost file system is noticed within this time, even without changes. A check reads a few file sizes. */
const checkEveryMinutes = 10;

export interface GenerationsArgs {
  readonly code: pulumi.asset.Archive;
  readonly leaseSeconds: number;
  /** It opens a generation, as compaction does. */
  readonly size: Pick<Settings["compaction"], "foldMemoryMiB" | "foldScratchMiB">;
  readonly storage: Storage;
  readonly files: CollectionsFileSystem;
  readonly network: Network;
  /** Owner of the queues to which receipts are redriven. */
  readonly compaction: Compaction;
  readonly defaults: FunctionDefaults;
}

/**
 * The function that `npm run generations` invokes, because an operator cannot mount the file system. It lists the
 * generations of a collection, restores an old one, or rebuilds the collection from its deltas. A schedule makes it check
 * that the published generations exist. No alarm watches it: its caller gets the error.
 */
export class Generations extends pulumi.ComponentResource {
  readonly generations: BundledFunction;

  constructor(name: string, args: GenerationsArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:Generations", name, {}, options);
    const { storage } = args;
    const { lines, words, folds, variables } = args.compaction;
    this.generations = new BundledFunction(
      name,
      {
        ...args.defaults,
        description: "Lists, checks, restores and rebuilds the generations of a collection",
        code: args.code,
        // It waits for the lease, and a rebuild writes every vector; the next invocation continues an unfinished rebuild.
        timeoutSeconds: 900,
        memoryMiB: args.size.foldMemoryMiB,
        scratchMiB: args.size.foldScratchMiB,
        mount: { files: args.files, network: args.network, path: collectionsPath },
        environment: environmentOf<typeof generationsConfig>({
          ...variables.generations,
          FOLD_QUEUE_URL: folds.queue.url,
          LEASE_SECONDS: String(args.leaseSeconds),
        }),
        statements: [
          sendTo(...lines.queues, ...words.queues, folds.queue),
          list(storage.deltas),
          readObjects(storage.deltas, "deltas/"),
          items(storage.receipts, ["GetItem", "Query", "UpdateItem"]),
          items(storage.control, ["GetItem", "PutItem", "Scan", "UpdateItem"]),
        ],
      },
      { parent: this },
    );
    new aws.lambda.FunctionEventInvokeConfig(
      name,
      { functionName: this.generations.function.name, maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
      { parent: this },
    );
    this.schedule(`${name}-check`);
    this.registerOutputs();
  }

  private schedule(name: string) {
    const inside = { parent: this };
    const { function: target } = this.generations;
    const role = new aws.iam.Role(name, { assumeRolePolicy: assumedBy("scheduler.amazonaws.com") }, inside);
    const policy = new aws.iam.RolePolicy(
      name,
      { role: role.id, policy: policyOf([allow(["lambda:InvokeFunction"], [target.arn])]) },
      inside,
    );
    new aws.scheduler.Schedule(
      name,
      {
        name,
        description: "Checks that the published generations exist",
        scheduleExpression: `rate(${checkEveryMinutes} minutes)`,
        flexibleTimeWindow: { mode: "OFF" },
        target: {
          arn: target.arn,
          roleArn: role.arn,
          input: JSON.stringify({ operation: "check" }),
          retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
        },
      },
      { parent: this, dependsOn: [policy] },
    );
  }
}
