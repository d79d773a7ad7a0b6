import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { queryServerConfig } from "../../containers/query-server/config.ts";
import type { Settings } from "../config.ts";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import { containerTask } from "./container-task.ts";
import { embeddingEnvironment } from "./embedding-environment.ts";
import { environmentOf } from "./environment.ts";
import type { Network } from "./network.ts";
import { itemsOf, list, readObjects, readSecrets } from "./permissions.ts";
import type { Storage } from "./storage.ts";
import type { StoredSecret } from "./stored-secret.ts";
import type { TracingSettings } from "./tracing.ts";

const collectionsPath = "/mnt/collections";

export interface QueryServiceArgs {
  /** Folder with the Dockerfile. */
  readonly context: string;
  readonly settings: Settings["query"];
  readonly embedding: Settings["embedding"];
  /** The number of shards of each collection. */
  readonly collectionShards: number;
  readonly embeddingApiKey: StoredSecret;
  readonly searchApiKey: StoredSecret;
  readonly storage: Storage;
  readonly files: CollectionsFileSystem;
  readonly network: Network;
  readonly metricsNamespace: string;
  readonly logRetentionDays: number;
  readonly logLevel: string;
  readonly tracing: TracingSettings;
}

/**
 * The query server as a Fargate service behind an internal load balancer, reachable from the VPC only.
 *
 * Its tasks call the embedding provider, so they live in public subnets without ingress from outside, or behind the NAT
 * of an existing VPC. One task of the default size and the load balancer cost about 35 USD per month.
 */
export class QueryService extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;
  readonly logGroup: aws.cloudwatch.LogGroup;

  constructor(name: string, args: QueryServiceArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:QueryService", name, {}, options);
    const inside = { parent: this };
    const { port } = args.settings;
    const entrance = this.entrance(name, args.network, port);
    const { definition, logGroup } = this.task(name, args);
    this.logGroup = logGroup;
    const cluster = new aws.ecs.Cluster(name, { name }, inside);
    new aws.ecs.Service(
      name,
      {
        name,
        cluster: cluster.arn,
        taskDefinition: definition.arn,
        launchType: "FARGATE",
        desiredCount: args.settings.desiredCount,
        deploymentCircuitBreaker: { enable: true, rollback: true },
        // A starting task copies both collections before it serves requests.
        healthCheckGracePeriodSeconds: 300,
        networkConfiguration: {
          subnets: [...args.network.placement.taskSubnetIds],
          securityGroups: [entrance.tasksGroup.id],
          assignPublicIp: args.network.placement.tasksHavePublicAddresses,
        },
        loadBalancers: [
          { targetGroupArn: entrance.targets.arn, containerName: "query-server", containerPort: port },
        ],
      },
      {
        parent: this,
        dependsOn: [
          entrance.listener,
          ...entrance.rules,
          ...args.files.mountable,
          args.embeddingApiKey.version,
          args.searchApiKey.version,
        ],
      },
    );
    this.url = pulumi.interpolate`http://${entrance.balancer.dnsName}:${port}`;
    this.registerOutputs();
  }

  private entrance(name: string, network: Network, port: number) {
    const inside = { parent: this };
    const balancerGroup = network.group(`${name}-balancer`, "Load balancer of the query server");
    const tasksGroup = network.group(`${name}-tasks`, "Tasks of the query server");
    const fromBalancer = { referencedSecurityGroupId: balancerGroup.id };
    const rules = [
      network.letIn(`${name}-into-balancer`, balancerGroup, { cidrIpv4: network.placement.cidr }, port),
      network.letOut(`${name}-to-tasks`, balancerGroup, { referencedSecurityGroupId: tasksGroup.id }, port),
      network.letIn(`${name}-into-tasks`, tasksGroup, fromBalancer, port),
      ...network.letMount(`${name}-tasks`, tasksGroup),
      // The provider's URL is a setting, so its address and port are unknown here.
      new aws.vpc.SecurityGroupEgressRule(
        `${name}-tasks-to-internet`,
        {
          securityGroupId: tasksGroup.id,
          cidrIpv4: "0.0.0.0/0",
          ipProtocol: "tcp",
          fromPort: 1,
          toPort: 65_535,
        },
        inside,
      ),
    ];
    const balancer = new aws.lb.LoadBalancer(
      shortened(name),
      {
        internal: true,
        loadBalancerType: "application",
        securityGroups: [balancerGroup.id],
        subnets: [...network.subnetIds],
        dropInvalidHeaderFields: true,
      },
      inside,
    );
    const targets = new aws.lb.TargetGroup(
      shortened(name),
      {
        vpcId: network.placement.vpcId,
        targetType: "ip",
        protocol: "HTTP",
        port,
        deregistrationDelay: 30,
        healthCheck: { path: "/health", matcher: "200", interval: 15, timeout: 5 },
      },
      inside,
    );
    const listener = new aws.lb.Listener(
      name,
      {
        loadBalancerArn: balancer.arn,
        protocol: "HTTP",
        port,
        defaultActions: [{ type: "forward", targetGroupArn: targets.arn }],
      },
      inside,
    );
    return { balancer, targets, listener, tasksGroup, rules };
  }

  private task(name: string, args: QueryServiceArgs) {
    const { settings, storage } = args;
    return containerTask(
      name,
      {
        container: "query-server",
        context: args.context,
        cpu: settings.cpu,
        memoryMiB: settings.memoryMiB,
        environment: environmentOf<typeof queryServerConfig>({
          RECEIPTS_TABLE: storage.receipts.name,
          CONTROL_TABLE: storage.control.name,
          DELTAS_BUCKET: storage.deltas.name,
          COLLECTIONS_PATH: collectionsPath,
          COLLECTION_SHARDS: String(args.collectionShards),
          ...embeddingEnvironment(args.embedding, args.embeddingApiKey),
          SEARCH_API_KEY_SECRET: args.searchApiKey.name,
          QUERY_EXACT_VECTORS: String(settings.exactVectors),
          QUERY_MIN_COSINE_PERCENT: String(settings.minCosinePercent),
          PORT: String(settings.port),
        }),
        statements: [
          itemsOf(storage.control, ["GetItem"], ["COLLECTION#*", "RECEIPT#*"]),
          // For GET /runs.
          itemsOf(storage.receipts, ["GetItem"], ["IMAGE#*"]),
          list(storage.deltas),
          readObjects(storage.deltas, "deltas/"),
          readSecrets(args.embeddingApiKey, args.searchApiKey),
        ],
        mount: { files: args.files, path: collectionsPath, readOnly: true },
        port: settings.port,
        metricsNamespace: args.metricsNamespace,
        logRetentionDays: args.logRetentionDays,
        logLevel: args.logLevel,
        tracing: args.tracing,
      },
      { parent: this },
    );
  }
}

/** Names of load balancers have at most 32 characters, of which Pulumi adds eight. */
function shortened(name: string): string {
  return name.slice(0, 24).replace(/-$/, "");
}
