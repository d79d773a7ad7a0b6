import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import type { Environment } from "./environment.ts";
import { attachToNetwork, type FunctionEgress, placeWithEgress } from "./function-egress.ts";
import type { Network } from "./network.ts";
import { allow, assumedBy, policyOf, type Statement } from "./permissions.ts";
import { type TracingSettings, tracingEnvironment, tracingStatements } from "./tracing.ts";

/** Arguments that all functions of a stack share. */
export interface FunctionDefaults {
  /** CloudWatch namespace of the metrics that functions write into their logs. */
  readonly metricsNamespace: string;
  readonly logRetentionDays: number;
  /** Minimum level of the lines that the function logs. */
  readonly logLevel: string;
  readonly tracing: TracingSettings;
}

/** The mount of the collections. A function with a mount runs in the VPC and reaches only services with an endpoint. */
export interface Mount {
  readonly files: CollectionsFileSystem;
  readonly network: Network;
  /** A folder under /mnt. */
  readonly path: string;
  /** @default false */
  readonly readOnly?: boolean;
}

export interface BundledFunctionArgs extends FunctionDefaults {
  readonly description: string;
  /** A folder with `index.mjs`, which exports `handler`. */
  readonly code: pulumi.asset.Archive;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  /** Secrets are given by name. */
  readonly environment: Environment;
  /** The permissions of the function; writing its own log is added. */
  readonly statements: readonly Statement[];
  /** Local disk. @default 512 MiB, which is free */
  readonly scratchMiB?: number;
  /** @default no file system, and outside the network unless there is an egress */
  readonly mount?: Mount;
  /** Places a function without a mount in the VPC. @default outside the VPC */
  readonly egress?: FunctionEgress | undefined;
  /**
   * Resources that must exist before the function runs, in addition to those that its arguments refer to.
   * @default none
   */
  readonly after?: readonly pulumi.Resource[];
}

/** A Node.js 24 function with its own role and log group. */
export class BundledFunction extends pulumi.ComponentResource {
  readonly function: aws.lambda.Function;
  readonly logGroup: aws.cloudwatch.LogGroup;
  readonly role: aws.iam.Role;
  readonly timeoutSeconds: number;

  constructor(name: string, args: BundledFunctionArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:BundledFunction", name, {}, options);
    const inside = { parent: this };
    this.timeoutSeconds = args.timeoutSeconds;
    this.role = new aws.iam.Role(name, { assumeRolePolicy: assumedBy("lambda.amazonaws.com") }, inside);
    this.logGroup = new aws.cloudwatch.LogGroup(
      name,
      { name: `/aws/lambda/${name}`, retentionInDays: args.logRetentionDays },
      inside,
    );
    const placement = args.egress && placeWithEgress(name, args.egress, this.role, inside);
    const policy = new aws.iam.RolePolicy(
      name,
      {
        role: this.role.id,
        policy: policyOf([
          ...args.statements,
          writeLog(this.logGroup),
          ...tracingStatements(args.tracing),
          ...(args.mount ? [...attachToNetwork(name), useFiles(args.mount)] : []),
        ]),
      },
      inside,
    );
    this.function = new aws.lambda.Function(
      name,
      {
        name,
        description: args.description,
        runtime: aws.lambda.Runtime.NodeJS24dX,
        architectures: ["x86_64"],
        handler: "index.handler",
        code: args.code,
        role: this.role.arn,
        timeout: args.timeoutSeconds,
        memorySize: args.memoryMiB,
        environment: {
          variables: {
            ...args.environment,
            POWERTOOLS_METRICS_NAMESPACE: args.metricsNamespace,
            POWERTOOLS_LOG_LEVEL: args.logLevel,
            ...tracingEnvironment(args.tracing),
          },
        },
        ...(args.tracing.enabled && { tracingConfig: { mode: "Active" } }),
        ...(args.scratchMiB !== undefined && { ephemeralStorage: { size: args.scratchMiB } }),
        ...(placement && { vpcConfig: placement.vpcConfig }),
        ...(args.mount && mounted(args.mount)),
      },
      {
        parent: this,
        dependsOn: [
          policy,
          this.logGroup,
          ...(placement?.after ?? []),
          ...(args.mount?.files.mountable ?? []),
          ...(args.tracing.headers ? [args.tracing.headers.version] : []),
          ...(args.after ?? []),
        ],
      },
    );
    this.registerOutputs();
  }
}

function writeLog(group: aws.cloudwatch.LogGroup): Statement {
  return allow(["logs:CreateLogStream", "logs:PutLogEvents"], [pulumi.interpolate`${group.arn}:*`]);
}

function useFiles({ files, readOnly = false }: Mount): Statement {
  const write = readOnly ? [] : ["elasticfilesystem:ClientWrite"];
  return allow(["elasticfilesystem:ClientMount", ...write], [files.fileSystem.arn]);
}

function mounted({ files, network, path }: Mount) {
  return {
    vpcConfig: { subnetIds: [...network.subnetIds], securityGroupIds: [network.functionsGroup.id] },
    fileSystemConfig: { arn: files.accessPoint.arn, localMountPath: path },
  };
}
