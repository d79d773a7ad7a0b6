import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { BulkApiArgs } from "./bulk-args.ts";
import { BulkBroker } from "./bulk-broker.ts";
import { BulkEntrance } from "./bulk-entrance.ts";
import { BulkMachines } from "./bulk-machines.ts";
import { apiProgram, type BulkPrograms, workerProgram } from "./bulk-programs.ts";
import { bulkScaling } from "./bulk-scaling.ts";
import { type ContainerTask, containerTask } from "./container-task.ts";
import { StoredSecret } from "./stored-secret.ts";

const anyPort = { fromPort: 1, toPort: 65_535 };

/**
 * The bulk API, which shares the tasks of the catch-up system: the API behind a load balancer, and workers that scale with the
 * jobs that wait in the broker. Both are Fargate services, or run on machines.
 */
export class BulkApi extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;
  readonly apiKey: StoredSecret;
  readonly logGroups: { readonly api: aws.cloudwatch.LogGroup; readonly worker: aws.cloudwatch.LogGroup };
  /** Undefined if an existing broker is used. */
  readonly broker: BulkBroker | undefined;

  constructor(name: string, args: BulkApiArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:BulkApi", name, {}, options);
    const inside = { parent: this };
    const { settings, network } = args;
    const apiGroup = network.group(`${name}-api`, "Tasks of the bulk API");
    // Machines run both.
    const workerGroup =
      settings.host === "ec2" ? apiGroup : network.group(`${name}-workers`, "Workers of the bulk API");
    const groups = [...new Set([apiGroup, workerGroup])];
    const rules = groups.map((group, at) => this.letOut(`${name}-${at === 0 ? "api" : "workers"}`, group));
    const entrance = new BulkEntrance(name, { settings, network, apiGroup }, inside);
    this.broker = this.ownBroker(`${name}-broker`, args, groups);
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
    const programs = {
      api: (port: number) => apiProgram(args, brokerUrl, this.apiKey, port),
      worker: workerProgram(args, brokerUrl),
    };
    this.logGroups =
      settings.host === "ec2"
        ? this.onMachines(name, args, programs, { entrance, after, group: apiGroup })
        : this.onFargate(name, args, programs, { entrance, after, apiGroup, workerGroup });
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

  private onMachines(
    name: string,
    args: BulkApiArgs,
    programs: BulkPrograms,
    {
      entrance,
      after,
      group,
    }: { entrance: BulkEntrance; after: readonly pulumi.Resource[]; group: aws.ec2.SecurityGroup },
  ): BulkApi["logGroups"] {
    const { logGroup } = new BulkMachines(
      `${name}-machine`,
      { ...args, programs, group, targets: entrance.targets },
      { parent: this, dependsOn: [...after, entrance.listener] },
    );
    return { api: logGroup, worker: logGroup };
  }

  private onFargate(
    name: string,
    args: BulkApiArgs,
    programs: BulkPrograms,
    {
      entrance,
      after,
      apiGroup,
      workerGroup,
    }: {
      entrance: BulkEntrance;
      after: readonly pulumi.Resource[];
      apiGroup: aws.ec2.SecurityGroup;
      workerGroup: aws.ec2.SecurityGroup;
    },
  ): BulkApi["logGroups"] {
    const inside = { parent: this };
    const { settings, metricsNamespace, logRetentionDays, logLevel, tracing } = args;
    const shared = { metricsNamespace, logRetentionDays, logLevel, tracing };
    const api = containerTask(
      `${name}-api`,
      {
        ...shared,
        ...programs.api(settings.port),
        container: "bulk-api",
        context: args.contexts.api,
        cpu: 256,
        memoryMiB: 512,
        port: settings.port,
      },
      inside,
    );
    const worker = containerTask(
      `${name}-worker`,
      {
        ...shared,
        ...programs.worker,
        container: "bulk-worker",
        context: args.contexts.worker,
        cpu: settings.workerCpu,
        memoryMiB: settings.workerMemoryMiB,
        stopSeconds: settings.stopSeconds,
      },
      inside,
    );
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
    bulkScaling(`${name}-worker`, { cluster, service: workers, settings, metricsNamespace }, inside);
    return { api: api.logGroup, worker: worker.logGroup };
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
