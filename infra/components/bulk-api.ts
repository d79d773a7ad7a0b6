import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { BulkApiArgs } from "./bulk-args.ts";
import { BulkBroker } from "./bulk-broker.ts";
import { BulkEntrance } from "./bulk-entrance.ts";
import { bulkScaling } from "./bulk-scaling.ts";
import { type ContainerTask, containerTask } from "./container-task.ts";
import { itemsOf, readSecrets } from "./permissions.ts";
import { StoredSecret } from "./stored-secret.ts";

const anyPort = { fromPort: 1, toPort: 65_535 };

/**
 * The bulk API as two Fargate services, which share the tasks of the catch-up system: the API behind a load balancer, and
 * workers that scale with the jobs that wait in the broker.
 */
export class BulkApi extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;
  readonly apiKey: StoredSecret;
  readonly logGroups: { readonly api: aws.cloudwatch.LogGroup; readonly worker: aws.cloudwatch.LogGroup };
  /** Undefined where an existing one is used. */
  readonly broker: BulkBroker | undefined;

  constructor(name: string, args: BulkApiArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:BulkApi", name, {}, options);
    const inside = { parent: this };
    const { settings, network } = args;
    const apiGroup = network.group(`${name}-api`, "Tasks of the bulk API");
    const workerGroup = network.group(`${name}-workers`, "Workers of the bulk API");
    const rules = [this.letOut(`${name}-api`, apiGroup), this.letOut(`${name}-workers`, workerGroup)];
    const entrance = new BulkEntrance(name, { settings, network, apiGroup }, inside);
    this.broker = this.ownBroker(`${name}-broker`, args, [apiGroup, workerGroup]);
    const brokerUrl = new StoredSecret(
      `${name}-broker-url`,
      {
        description: "URL of the broker of the bulk API, with its password",
        value: settings.redisUrl ?? (this.broker as BulkBroker).url,
      },
      inside,
    );
    this.apiKey = new StoredSecret(
      `${name}-api-key`,
      { description: "Key that callers of the bulk API send", value: args.apiKey },
      inside,
    );
    const secrets = [brokerUrl.version, this.apiKey.version, args.embeddingApiKey.version];
    const after = [...rules, ...secrets, ...args.catchUp.functions.secretVersions];
    const api = this.apiTask(`${name}-api`, args, brokerUrl);
    const worker = this.workerTask(`${name}-worker`, args, brokerUrl);
    this.logGroups = { api: api.logGroup, worker: worker.logGroup };

    const cluster = new aws.ecs.Cluster(name, { name }, inside);
    this.service(`${name}-api`, cluster, api, apiGroup, args, settings.apiCount, {
      dependsOn: [...after, entrance.listener],
      loadBalancers: [
        { targetGroupArn: entrance.targets.arn, containerName: "bulk-api", containerPort: settings.port },
      ],
    });
    const workers = this.service(`${name}-worker`, cluster, worker, workerGroup, args, settings.workers, {
      dependsOn: after,
    });
    bulkScaling(
      `${name}-worker`,
      { cluster, service: workers, settings, metricsNamespace: args.metricsNamespace },
      inside,
    );
    this.url = entrance.url;
    this.registerOutputs();
  }

  private ownBroker(
    name: string,
    { settings, network }: BulkApiArgs,
    clients: readonly aws.ec2.SecurityGroup[],
  ): BulkBroker | undefined {
    const { redisUrl, redisPassword } = settings;
    if (redisUrl !== undefined || redisPassword === undefined) return undefined;
    return new BulkBroker(name, { settings, network, password: redisPassword, clients }, { parent: this });
  }

  /** Providers and an existing broker are settings, so their addresses and ports are unknown here. */
  private letOut(name: string, group: aws.ec2.SecurityGroup): pulumi.Resource {
    return new aws.vpc.SecurityGroupEgressRule(
      `${name}-to-internet`,
      { securityGroupId: group.id, cidrIpv4: "0.0.0.0/0", ipProtocol: "tcp", ...anyPort },
      { parent: this },
    );
  }

  private apiTask(name: string, args: BulkApiArgs, brokerUrl: StoredSecret): ContainerTask {
    const { settings, catchUp } = args;
    return containerTask(
      name,
      {
        container: "bulk-api",
        context: args.contexts.api,
        cpu: 256,
        memoryMiB: 512,
        environment: {
          ...catchUp.functions.accepting(settings.taskDays),
          ...brokerEnvironment(args, brokerUrl),
          BULK_API_KEY_SECRET: this.apiKey.name,
          PORT: String(settings.port),
        },
        statements: [...catchUp.functions.acceptStatements(), readSecrets(brokerUrl, this.apiKey)],
        port: settings.port,
        logRetentionDays: args.logRetentionDays,
        logLevel: args.logLevel,
        tracing: args.tracing,
      },
      { parent: this },
    );
  }

  private workerTask(name: string, args: BulkApiArgs, brokerUrl: StoredSecret): ContainerTask {
    const { settings, catchUp } = args;
    return containerTask(
      name,
      {
        container: "bulk-worker",
        context: args.contexts.worker,
        cpu: settings.workerCpu,
        memoryMiB: settings.workerMemoryMiB,
        environment: {
          ...catchUp.functions.planning(),
          ...brokerEnvironment(args, brokerUrl),
          CHUNKS_AT_ONCE: String(settings.chunksPerWorker),
          SOURCE_FOLDER: settings.sourceFolder ?? "",
          WATCH_SECONDS: String(settings.watchSeconds),
          STOP_SECONDS: String(settings.stopSeconds),
          MEMORY_MIB: String(settings.workerMemoryMiB),
        },
        statements: [
          ...catchUp.functions.planStatements(),
          // Heartbeats, the turn to watch, and tasks that have no job.
          itemsOf(catchUp.tasks, ["PutItem"], ["BULK#WORKERS", "BULK#WATCH"]),
          ...catchUp.functions.acceptStatements().slice(1),
          readSecrets(brokerUrl),
        ],
        stopSeconds: settings.stopSeconds,
        logRetentionDays: args.logRetentionDays,
        logLevel: args.logLevel,
        tracing: args.tracing,
      },
      { parent: this },
    );
  }

  private service(
    name: string,
    cluster: aws.ecs.Cluster,
    { definition }: ContainerTask,
    group: aws.ec2.SecurityGroup,
    { network }: BulkApiArgs,
    desiredCount: number,
    more: {
      readonly dependsOn: readonly pulumi.Resource[];
      readonly loadBalancers?: aws.ecs.ServiceArgs["loadBalancers"];
    },
  ): aws.ecs.Service {
    const { placement } = network;
    return new aws.ecs.Service(
      name,
      {
        name,
        cluster: cluster.arn,
        taskDefinition: definition.arn,
        launchType: "FARGATE",
        desiredCount,
        deploymentCircuitBreaker: { enable: true, rollback: true },
        ...(more.loadBalancers && { loadBalancers: more.loadBalancers }),
        networkConfiguration: {
          subnets: [...placement.taskSubnetIds],
          securityGroups: [group.id],
          assignPublicIp: placement.tasksHavePublicAddresses,
        },
      },
      // The number of workers is scaled after the deployment.
      {
        parent: this,
        dependsOn: [...more.dependsOn],
        ...(!more.loadBalancers && { ignoreChanges: ["desiredCount"] }),
      },
    );
  }
}

function brokerEnvironment(
  { metricsNamespace }: BulkApiArgs,
  brokerUrl: StoredSecret,
): Record<string, pulumi.Input<string>> {
  return {
    BROKER_URL_SECRET: brokerUrl.name,
    BROKER_NAMESPACE: metricsNamespace,
    POWERTOOLS_METRICS_NAMESPACE: metricsNamespace,
  };
}
