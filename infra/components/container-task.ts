import * as aws from "@pulumi/aws";
import * as awsx from "@pulumi/awsx";
import * as pulumi from "@pulumi/pulumi";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import type { Environment } from "./environment.ts";
import { allow, assumedBy, assumedByWithoutSource, policyOf, type Statement } from "./permissions.ts";
import { type TracingSettings, tracingEnvironment } from "./tracing.ts";

const tasks = "ecs-tasks.amazonaws.com";

export interface ContainerTaskArgs {
  /** Name of the folder under containers/. */
  readonly container: string;
  /** Folder with the Dockerfile. */
  readonly context: string;
  readonly cpu: number;
  readonly memoryMiB: number;
  /** Local disk. @default 20 GiB, which is included */
  readonly scratchGiB?: number;
  /** Secrets are given by name. */
  readonly environment: Environment;
  /** The permissions of the program; mounting the file system is added. */
  readonly statements: readonly Statement[];
  /** @default the program mounts nothing */
  readonly mount?: {
    readonly files: CollectionsFileSystem;
    /** A folder under /mnt. */
    readonly path: string;
    readonly readOnly: boolean;
  };
  /** @default the program does not listen */
  readonly port?: number;
  /** Seconds from SIGTERM to SIGKILL. @default 30 */
  readonly stopSeconds?: number;
  /** A command that exits with 0 while the program is healthy. @default no health check */
  readonly healthCommand?: readonly string[];
  /** CloudWatch namespace of the metrics that the program writes into its log. */
  readonly metricsNamespace: string;
  readonly logRetentionDays: number;
  /** Minimum level of the lines that the program logs. */
  readonly logLevel: string;
  readonly tracing: TracingSettings;
}

export interface ContainerTask {
  readonly definition: aws.ecs.TaskDefinition;
  readonly logGroup: aws.cloudwatch.LogGroup;
}

/** A Fargate task of one container, which may mount the collections: its image, log group, roles and definition. */
export function containerTask(
  name: string,
  args: ContainerTaskArgs,
  inside: { readonly parent: pulumi.Resource },
): ContainerTask {
  const { container, mount, stopSeconds, healthCommand, port } = args;
  const logGroup = new aws.cloudwatch.LogGroup(
    name,
    {
      name: `/${pulumi.getProject()}/${pulumi.getStack()}/${container}`,
      retentionInDays: args.logRetentionDays,
    },
    inside,
  );
  const image = imageOf(name, args.context, inside);
  const mounting = mount === undefined ? undefined : mountOf(mount);
  const definition = new aws.ecs.TaskDefinition(
    name,
    {
      family: name,
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: "X86_64" },
      cpu: String(args.cpu),
      memory: String(args.memoryMiB),
      ...(args.scratchGiB !== undefined && { ephemeralStorage: { sizeInGib: args.scratchGiB } }),
      executionRoleArn: role(
        `${name}-start`,
        // AWS documents aws:SourceAccount for task roles only, not for execution roles.
        assumedByWithoutSource(tasks),
        [
          allow(["ecr:GetAuthorizationToken"], ["*"]),
          allow(
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [image.repository.arn],
          ),
          allow(["logs:CreateLogStream", "logs:PutLogEvents"], [pulumi.interpolate`${logGroup.arn}:*`]),
        ],
        inside,
      ),
      taskRoleArn: role(
        `${name}-run`,
        assumedBy(tasks),
        [...args.statements, ...(mounting === undefined ? [] : [mounting.statement])],
        inside,
      ),
      ...(mounting !== undefined && { volumes: [mounting.volume] }),
      containerDefinitions: pulumi.jsonStringify([
        {
          name: container,
          image: image.uri,
          essential: true,
          environment: Object.entries({
            ...args.environment,
            POWERTOOLS_METRICS_NAMESPACE: args.metricsNamespace,
            POWERTOOLS_LOG_LEVEL: args.logLevel,
            ...tracingEnvironment(args.tracing),
          }).map(([name, value]) => ({
            name,
            value,
          })),
          ...(port !== undefined && { portMappings: [{ containerPort: port, protocol: "tcp" }] }),
          ...(stopSeconds !== undefined && { stopTimeout: stopSeconds }),
          ...(healthCommand && { healthCheck: { command: healthCommand, interval: 30, startPeriod: 60 } }),
          ...(mounting !== undefined && { mountPoints: [mounting.point] }),
          linuxParameters: { initProcessEnabled: true },
          logConfiguration: {
            logDriver: "awslogs",
            options: {
              "awslogs-group": logGroup.name,
              "awslogs-region": aws.getRegionOutput({}, inside).region,
              "awslogs-stream-prefix": container,
            },
          },
        },
      ]),
    },
    inside,
  );
  return { definition, logGroup };
}

/** Returns the mount of the collections. */
function mountOf({ files, path, readOnly }: NonNullable<ContainerTaskArgs["mount"]>) {
  const use = readOnly ? [] : ["elasticfilesystem:ClientWrite"];
  return {
    statement: allow(["elasticfilesystem:ClientMount", ...use], [files.fileSystem.arn]),
    volume: {
      name: "collections",
      efsVolumeConfiguration: {
        fileSystemId: files.fileSystem.id,
        transitEncryption: "ENABLED",
        authorizationConfig: { accessPointId: files.accessPoint.id, iam: "ENABLED" },
      },
    },
    point: { sourceVolume: "collections", containerPath: path, readOnly },
  };
}

function imageOf(name: string, context: string, inside: { readonly parent: pulumi.Resource }) {
  const repository = new aws.ecr.Repository(
    name,
    { forceDelete: true, imageScanningConfiguration: { scanOnPush: true } },
    inside,
  );
  const { imageUri: uri } = new awsx.ecr.Image(
    name,
    { repositoryUrl: repository.repositoryUrl, context, platform: "linux/amd64" },
    inside,
  );
  return { uri, repository };
}

function role(
  name: string,
  assumeRolePolicy: pulumi.Output<string>,
  statements: readonly Statement[],
  inside: { readonly parent: pulumi.Resource },
): pulumi.Output<string> {
  const made = new aws.iam.Role(name, { assumeRolePolicy }, inside);
  new aws.iam.RolePolicy(name, { role: made.id, policy: policyOf(statements) }, inside);
  return made.arn;
}
