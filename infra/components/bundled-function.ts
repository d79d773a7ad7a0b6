import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import type { Network } from "./network.ts";
import { nodeOptions } from "./node-options.ts";
import { allow, assumedBy, policyOf, type Statement } from "./permissions.ts";

/** What is the same for every function of a stack. */
export interface FunctionDefaults {
  /** CloudWatch namespace of the metrics that functions write into their logs. */
  readonly metricsNamespace: string;
  readonly logRetentionDays: number;
}

/** Where a function mounts the collections. It then lives in the network and reaches nothing that has no endpoint. */
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
  /** Secrets stand here by name. */
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  /** All that the function may do; writing its own log is added. */
  readonly statements: readonly Statement[];
  /** Local disk. @default 512 MiB, which is free */
  readonly scratchMiB?: number;
  /** @default no file system, outside the network */
  readonly mount?: Mount;
  /** What must exist before the function runs, beyond what its settings refer to. @default nothing */
  readonly after?: readonly pulumi.Resource[];
}

/** A function on Node 24 with a role and a log group of its own. */
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
    const policy = new aws.iam.RolePolicy(
      name,
      {
        role: this.role.id,
        policy: policyOf([
          ...args.statements,
          writeLog(this.logGroup),
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
            NODE_OPTIONS: nodeOptions,
            POWERTOOLS_METRICS_NAMESPACE: args.metricsNamespace,
          },
        },
        ...(args.scratchMiB !== undefined && { ephemeralStorage: { size: args.scratchMiB } }),
        ...(args.mount && mounted(args.mount)),
      },
      {
        parent: this,
        dependsOn: [policy, this.logGroup, ...(args.mount?.files.mountable ?? []), ...(args.after ?? [])],
      },
    );
    this.registerOutputs();
  }
}

function writeLog(group: aws.cloudwatch.LogGroup): Statement {
  return allow(["logs:CreateLogStream", "logs:PutLogEvents"], [pulumi.interpolate`${group.arn}:*`]);
}

const networkActions = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:UnassignPrivateIpAddresses",
];

/**
 * Lambda itself uses these to attach the function, under its role; EC2 knows no narrower resource for most of them. The code of
 * the function, whose calls carry its ARN, may use none of them.
 */
function attachToNetwork(name: string): Statement[] {
  const attach = allow(networkActions, ["*"]);
  const fromCode = { ArnLike: { "lambda:SourceFunctionArn": `arn:*:lambda:*:*:function:${name}` } };
  return [attach, { ...attach, Effect: "Deny", Condition: fromCode }];
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
