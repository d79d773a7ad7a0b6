import * as aws from "@pulumi/aws";
import * as awsx from "@pulumi/awsx";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import { embeddingEnvironment } from "./embedding-environment.ts";
import type { Network } from "./network.ts";
import { allow, assumedBy, items, policyOf, readSecrets, type Statement } from "./permissions.ts";
import type { Storage } from "./storage.ts";
import type { StoredSecret } from "./stored-secret.ts";

const collectionsPath = "/mnt/collections";

export interface QueryServiceArgs {
  /** Folder with the Dockerfile. */
  readonly context: string;
  readonly settings: Settings["query"];
  readonly embedding: Settings["embedding"];
  /** Of each collection. */
  readonly collectionShards: number;
  readonly embeddingApiKey: StoredSecret;
  readonly searchApiKey: StoredSecret;
  readonly storage: Storage;
  readonly files: CollectionsFileSystem;
  readonly network: Network;
  readonly metricsNamespace: string;
  readonly logRetentionDays: number;
}

/**
 * The query server as a Fargate service behind an internal load balancer, reachable from the VPC only.
 *
 * Its tasks call the embedding provider, so they live in public subnets without ingress from outside, or behind the NAT
 * of an existing VPC. One task of the default size and the load balancer cost about 35 USD a month.
 */
export class QueryService extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;
  readonly logGroup: aws.cloudwatch.LogGroup;

  constructor(name: string, args: QueryServiceArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:QueryService", name, {}, options);
    const inside = { parent: this };
    const { port } = args.settings;
    this.logGroup = new aws.cloudwatch.LogGroup(
      name,
      {
        name: `/${pulumi.getProject()}/${pulumi.getStack()}/query-server`,
        retentionInDays: args.logRetentionDays,
      },
      inside,
    );
    const image = this.image(name, args.context);
    const entrance = this.entrance(name, args.network, port);
    const taskDefinition = this.taskDefinition(name, args, image);
    const cluster = new aws.ecs.Cluster(name, { name }, inside);
    new aws.ecs.Service(
      name,
      {
        name,
        cluster: cluster.arn,
        taskDefinition: taskDefinition.arn,
        launchType: "FARGATE",
        desiredCount: args.settings.desiredCount,
        deploymentCircuitBreaker: { enable: true, rollback: true },
        // A task that starts copies both collections before it answers.
        healthCheckGracePeriodSeconds: 300,
        networkConfiguration: {
          subnets: [...args.network.home.taskSubnetIds],
          securityGroups: [entrance.tasksGroup.id],
          assignPublicIp: args.network.home.tasksHavePublicAddresses,
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

  private image(name: string, context: string) {
    const repository = new aws.ecr.Repository(
      name,
      { forceDelete: true, imageScanningConfiguration: { scanOnPush: true } },
      { parent: this },
    );
    const { imageUri } = new awsx.ecr.Image(
      name,
      { repositoryUrl: repository.repositoryUrl, context, platform: "linux/amd64" },
      { parent: this },
    );
    return { uri: imageUri, repository };
  }

  private entrance(name: string, network: Network, port: number) {
    const inside = { parent: this };
    const balancerGroup = network.group(`${name}-balancer`, "Load balancer of the query server");
    const tasksGroup = network.group(`${name}-tasks`, "Tasks of the query server");
    const fromBalancer = { referencedSecurityGroupId: balancerGroup.id };
    const rules = [
      network.letIn(`${name}-into-balancer`, balancerGroup, { cidrIpv4: network.home.cidr }, port),
      network.letOut(`${name}-to-tasks`, balancerGroup, { referencedSecurityGroupId: tasksGroup.id }, port),
      network.letIn(`${name}-into-tasks`, tasksGroup, fromBalancer, port),
      ...network.letMount(`${name}-tasks`, tasksGroup),
      // The provider's address and port are the user's choice.
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
        vpcId: network.home.vpcId,
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

  private taskDefinition(
    name: string,
    args: QueryServiceArgs,
    image: { uri: pulumi.Output<string>; repository: aws.ecr.Repository },
  ) {
    const { settings, storage, files } = args;
    const environment = {
      CONTROL_TABLE: storage.control.name,
      COLLECTIONS_PATH: collectionsPath,
      COLLECTION_SHARDS: String(args.collectionShards),
      ...embeddingEnvironment(args.embedding, args.embeddingApiKey),
      SEARCH_API_KEY_SECRET: args.searchApiKey.name,
      PORT: String(settings.port),
      POWERTOOLS_METRICS_NAMESPACE: args.metricsNamespace,
    };
    return new aws.ecs.TaskDefinition(
      name,
      {
        family: name,
        requiresCompatibilities: ["FARGATE"],
        networkMode: "awsvpc",
        runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: "X86_64" },
        cpu: String(settings.cpu),
        memory: String(settings.memoryMiB),
        executionRoleArn: this.role(`${name}-start`, [
          allow(["ecr:GetAuthorizationToken"], ["*"]),
          allow(
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [image.repository.arn],
          ),
          allow(["logs:CreateLogStream", "logs:PutLogEvents"], [pulumi.interpolate`${this.logGroup.arn}:*`]),
        ]),
        taskRoleArn: this.role(`${name}-run`, [
          items(storage.control, ["GetItem"]),
          readSecrets(args.embeddingApiKey, args.searchApiKey),
          allow(["elasticfilesystem:ClientMount"], [files.fileSystem.arn]),
        ]),
        volumes: [
          {
            name: "collections",
            efsVolumeConfiguration: {
              fileSystemId: files.fileSystem.id,
              transitEncryption: "ENABLED",
              authorizationConfig: { accessPointId: files.accessPoint.id, iam: "ENABLED" },
            },
          },
        ],
        containerDefinitions: pulumi.jsonStringify([
          {
            name: "query-server",
            image: image.uri,
            essential: true,
            environment: Object.entries(environment).map(([name, value]) => ({ name, value })),
            portMappings: [{ containerPort: settings.port, protocol: "tcp" }],
            mountPoints: [{ sourceVolume: "collections", containerPath: collectionsPath, readOnly: true }],
            linuxParameters: { initProcessEnabled: true },
            logConfiguration: {
              logDriver: "awslogs",
              options: {
                "awslogs-group": this.logGroup.name,
                "awslogs-region": aws.getRegionOutput({}, { parent: this }).region,
                "awslogs-stream-prefix": "query-server",
              },
            },
          },
        ]),
      },
      { parent: this },
    );
  }

  private role(name: string, statements: readonly Statement[]): pulumi.Output<string> {
    const inside = { parent: this };
    const role = new aws.iam.Role(name, { assumeRolePolicy: assumedBy("ecs-tasks.amazonaws.com") }, inside);
    new aws.iam.RolePolicy(name, { role: role.id, policy: policyOf(statements) }, inside);
    return role.arn;
  }
}

/** Names of load balancers end at 32 letters, of which Pulumi adds eight. */
function shortened(name: string): string {
  return name.slice(0, 24).replace(/-$/, "");
}
