import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { BulkApiArgs } from "./bulk-args.ts";
import type { BulkPrograms } from "./bulk-programs.ts";
import { folderDigest } from "./folder-digest.ts";
import { environmentFile, filledIn } from "./machine-files.ts";
import { allow, assumedByWithoutSource, policyOf, readObjects } from "./permissions.ts";
import { PrivateBucket } from "./private-bucket.ts";
import { tracingEnvironment } from "./tracing.ts";

const hostFolder = join(import.meta.dirname, "../../containers/bulk-api/host");
const image = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
const rootGiB = 30;
/** A process has a vCPU to itself. */
const workersOn = { "t3.large": 2, "m5.xlarge": 4, "m5.2xlarge": 8 } as const;
/** Waiting jobs per worker that the scaling aims at: some minutes of work. */
const jobsPerWorker = 10;
/** The permissions for sessions of Systems Manager, which have no resource-level permissions. */
const sessions = [
  "ssm:UpdateInstanceInformation",
  "ssmmessages:CreateControlChannel",
  "ssmmessages:CreateDataChannel",
  "ssmmessages:OpenControlChannel",
  "ssmmessages:OpenDataChannel",
];
/** Until its programs are installed and started. */
const startSeconds = 300;

export interface BulkMachinesArgs extends BulkApiArgs {
  readonly programs: BulkPrograms;
  readonly group: aws.ec2.SecurityGroup;
  readonly targets: aws.lb.TargetGroup;
}

/**
 * Machines that each run nginx, the API and workers under systemd (containers/bulk-api/host). A change of code or
 * settings replaces them one after another. Operators log in with Systems Manager sessions, not SSH.
 */
export class BulkMachines extends pulumi.ComponentResource {
  readonly logGroup: aws.cloudwatch.LogGroup;

  constructor(name: string, args: BulkMachinesArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:BulkMachines", name, {}, options);
    const inside = { parent: this };
    const { settings, network, programs } = args;
    const { placement } = network;
    const perMachine = workersOn[settings.instanceType];
    this.logGroup = new aws.cloudwatch.LogGroup(
      name,
      {
        name: `/${pulumi.getProject()}/${pulumi.getStack()}/bulk`,
        retentionInDays: args.logRetentionDays,
      },
      inside,
    );
    const { bucket } = new PrivateBucket(`${name}-code`, { keepData: false }, inside);
    const { contexts } = args;
    const archive = new pulumi.asset.AssetArchive({
      "bulk-api": new pulumi.asset.FileArchive(contexts.api),
      "bulk-worker": new pulumi.asset.FileArchive(contexts.worker),
      host: new pulumi.asset.FileArchive(hostFolder),
    });
    // The key depends on the content, so that only new content replaces the machines.
    const key = `bulk/${contexts.digest}-${folderDigest(hostFolder)}.zip`;
    // The code that running machines were started with stays until they are replaced.
    const code = new aws.s3.BucketObject(
      name,
      { bucket: bucket.id, key, source: archive },
      { parent: this, retainOnDelete: true },
    );
    const role = new aws.iam.Role(
      name,
      { assumeRolePolicy: assumedByWithoutSource("ec2.amazonaws.com") },
      inside,
    );
    new aws.iam.RolePolicy(
      name,
      {
        role: role.id,
        policy: policyOf([
          ...programs.api(settings.port).statements,
          ...programs.worker.statements,
          allow(sessions, ["*"]),
          readObjects(bucket, "bulk/"),
          allow(
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [this.logGroup.arn, pulumi.interpolate`${this.logGroup.arn}:*`],
          ),
        ]),
      },
      inside,
    );
    const profile = new aws.iam.InstanceProfile(name, { role: role.name }, inside);
    const template = new aws.ec2.LaunchTemplate(
      name,
      {
        imageId: image,
        instanceType: settings.instanceType,
        iamInstanceProfile: { arn: profile.arn },
        // IMDSv2, so that a request that a caller makes a program send cannot read credentials.
        metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
        networkInterfaces: [
          {
            associatePublicIpAddress: String(placement.tasksHavePublicAddresses),
            securityGroups: [args.group.id],
          },
        ],
        blockDeviceMappings: [
          {
            deviceName: "/dev/xvda",
            ebs: {
              volumeType: "gp3",
              volumeSize: rootGiB,
              encrypted: "true",
              deleteOnTermination: "true",
            },
          },
        ],
        tagSpecifications: [{ resourceType: "instance", tags: { Name: name } }],
        updateDefaultVersion: true,
        userData: userData(args, {
          bucket: bucket.bucket,
          key: code.key,
          logGroup: this.logGroup.name,
          perMachine,
        }),
      },
      inside,
    );
    const machines = new aws.autoscaling.Group(
      name,
      {
        minSize: Math.ceil(settings.workers / perMachine),
        maxSize: Math.ceil(settings.maxWorkers / perMachine),
        vpcZoneIdentifiers: [...placement.taskSubnetIds],
        targetGroupArns: [args.targets.arn],
        healthCheckType: "ELB",
        healthCheckGracePeriod: startSeconds,
        defaultInstanceWarmup: startSeconds,
        launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
        // Starts a machine before it stops one, so that even a single one is replaced without downtime.
        instanceRefresh: {
          strategy: "Rolling",
          preferences: {
            minHealthyPercentage: 100,
            maxHealthyPercentage: 200,
            instanceWarmup: String(startSeconds),
            autoRollback: true,
          },
        },
      },
      inside,
    );
    new aws.autoscaling.Policy(
      name,
      {
        autoscalingGroupName: machines.name,
        policyType: "TargetTrackingScaling",
        targetTrackingConfiguration: {
          targetValue: jobsPerWorker,
          customizedMetricSpecification: {
            namespace: args.metricsNamespace,
            metricName: "BulkBacklogPerWorker",
            statistic: "Average",
            metricDimensions: [{ name: "service", value: "bulk" }],
          },
        },
      },
      inside,
    );
    this.registerOutputs();
  }
}

interface Code {
  readonly bucket: pulumi.Input<string>;
  readonly key: pulumi.Input<string>;
  readonly logGroup: pulumi.Input<string>;
  readonly perMachine: number;
}

function userData(
  args: BulkMachinesArgs,
  { bucket, key, logGroup, perMachine }: Code,
): pulumi.Output<string> {
  const { settings, programs, network, metricsNamespace, logLevel, tracing } = args;
  const shared = {
    AWS_REGION: aws.getRegionOutput().region,
    POWERTOOLS_METRICS_NAMESPACE: metricsNamespace,
    POWERTOOLS_LOG_LEVEL: logLevel,
    ...tracingEnvironment(tracing),
  };
  const ownPort = settings.port === 65_535 ? settings.port - 1 : settings.port + 1;
  const values = pulumi.output({
    CODE_BUCKET: bucket,
    CODE_KEY: key,
    API_ENVIRONMENT: pulumi
      .output({ ...programs.api(ownPort).environment, ...shared })
      .apply(environmentFile),
    WORKER_ENVIRONMENT: pulumi.output({ ...programs.worker.environment, ...shared }).apply(environmentFile),
    PORT: String(settings.port),
    OWN_PORT: String(ownPort),
    BALANCER_RANGE: network.placement.cidr,
    WORKERS: String(perMachine),
    WORKER_MEMORY_MIB: String(settings.workerMemoryMiB),
    STOP_SECONDS: String(settings.stopSeconds),
    LOG_GROUP: logGroup,
  });
  const script = readFileSync(join(hostFolder, "setup.sh"), "utf8");
  return values.apply((given) => Buffer.from(filledIn(script, given)).toString("base64"));
}
