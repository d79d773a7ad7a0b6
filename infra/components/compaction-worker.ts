import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { compactionWorkerConfig } from "../../containers/compaction-worker/config.ts";
import type { Settings } from "../config.ts";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import { type Compaction, collectionsPath } from "./compaction.ts";
import { containerTask } from "./container-task.ts";
import { environmentOf } from "./environment.ts";
import type { Network } from "./network.ts";
import { receiveFrom } from "./permissions.ts";
import type { TracingSettings } from "./tracing.ts";

const https = 443;
/** Fargate's maximum; a cycle is abandoned and its messages are returned to the queue within it. */
const stopSeconds = 120;
/** The program touches the file every ten seconds. */
const healthCommand = [
  "CMD",
  "node",
  "-e",
  'process.exit(Date.now() - fs.statSync(path.join(os.tmpdir(), "alive")).mtimeMs < 60000 ? 0 : 1)',
];

export interface CompactionWorkerArgs {
  /** Folder with the Dockerfile. */
  readonly context: string;
  readonly settings: Settings["compaction"];
  readonly compaction: Compaction;
  readonly files: CollectionsFileSystem;
  readonly network: Network;
  readonly metricsNamespace: string;
  readonly logRetentionDays: number;
  readonly logLevel: string;
  readonly tracing: TracingSettings;
}

/**
 * One Fargate task that compacts in place of the function, for cycles beyond 15 minutes or 10 GB. It listens on no port and
 * calls only AWS, from public subnets without ingress or from the subnets of an existing VPC.
 *
 * A task of the default size costs about 90 USD per month, busy or idle.
 */
export class CompactionWorker extends pulumi.ComponentResource {
  readonly logGroup: aws.cloudwatch.LogGroup;

  constructor(name: string, args: CompactionWorkerArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:CompactionWorker", name, {}, options);
    const inside = { parent: this };
    const { settings, compaction, files, network } = args;
    const { definition, logGroup } = containerTask(
      name,
      {
        container: "compaction-worker",
        context: args.context,
        cpu: settings.workerCpu,
        memoryMiB: settings.workerMemoryMiB,
        scratchGiB: settings.workerScratchGiB,
        environment: environmentOf<typeof compactionWorkerConfig>({
          ...compaction.environment,
          SHARDS_AT_ONCE: String(settings.workerShardsAtOnce),
          CYCLE_HOURS: String(settings.workerCycleHours),
        }),
        statements: [
          receiveFrom(...compaction.lines.queues, ...compaction.words.queues, compaction.folds.queue),
          ...compaction.statements,
        ],
        mount: { files, path: collectionsPath, readOnly: false },
        stopSeconds,
        healthCommand,
        metricsNamespace: args.metricsNamespace,
        logRetentionDays: args.logRetentionDays,
        logLevel: args.logLevel,
        tracing: args.tracing,
      },
      inside,
    );
    const group = network.group(`${name}-tasks`, "Tasks that compact");
    const rules = [
      ...network.letMount(`${name}-tasks`, group),
      network.letOut(`${name}-tasks-to-aws`, group, { cidrIpv4: "0.0.0.0/0" }, https),
    ];
    const cluster = new aws.ecs.Cluster(name, { name }, inside);
    new aws.ecs.Service(
      name,
      {
        name,
        cluster: cluster.arn,
        taskDefinition: definition.arn,
        launchType: "FARGATE",
        desiredCount: 1,
        // The old task ends before the new one starts, which would otherwise only wait for the lease.
        deploymentMinimumHealthyPercent: 0,
        deploymentMaximumPercent: 100,
        deploymentCircuitBreaker: { enable: true, rollback: true },
        networkConfiguration: {
          subnets: [...network.placement.taskSubnetIds],
          securityGroups: [group.id],
          assignPublicIp: network.placement.tasksHavePublicAddresses,
        },
      },
      // The function's mappings are disabled before the task receives messages.
      { parent: this, dependsOn: [...rules, ...files.mountable, ...compaction.mappings] },
    );
    this.logGroup = logGroup;
    this.registerOutputs();
  }
}
