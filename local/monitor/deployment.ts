import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { S3Client } from "@aws-sdk/client-s3";
import { S3VectorsClient } from "@aws-sdk/client-s3vectors";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { RestApis } from "../api-gateway/rest-apis.ts";
import type { ServiceTask } from "../ecs/service-task.ts";
import { administratorKey, type Iam } from "../iam/iam.ts";
import type { Functions } from "../lambda/functions.ts";
import type { Platform } from "../lambda/platform.ts";
import type { Mappings } from "../mappings/mappings.ts";
import { region } from "../protocol/account.ts";
import type { Schedules } from "../schedules/schedules.ts";
import type { SecurityGroups } from "../services/ec2/security-groups.ts";
import type { FileSystems } from "../services/efs/file-systems.ts";
import type { Clusters } from "../services/rds-data/clusters.ts";
import type { StepFunctions } from "../step-functions/step-functions.ts";
import type { Properties } from "./properties.ts";
import { Roles } from "./roles.ts";

/**
 * The dependencies for creating resources: clients of the administrator, and parts of the stack that have no API call
 * for it.
 */
export class Deployment {
  readonly platform: Platform;
  readonly functions: Functions;
  readonly mappings: Mappings;
  readonly schedules: Schedules;
  readonly stepFunctions: StepFunctions;
  readonly restApis: RestApis;
  readonly roles: Roles;
  readonly fileSystems: FileSystems;
  readonly securityGroups: SecurityGroups;
  readonly clusters: Clusters;
  readonly tasks: ServiceTask[] = [];
  /** The folders that container images are built from, by image URI. */
  readonly images = new Map<string, string>();
  /** Inputs of task definitions, by ARN. */
  readonly taskDefinitions = new Map<string, Properties>();
  /** The folder for copies of bundles. */
  readonly codeFolder: string;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
  readonly s3Vectors: S3VectorsClient;
  readonly dynamodb: DynamoDBClient;
  readonly logs: CloudWatchLogsClient;
  readonly secrets: SecretsManagerClient;
  readonly cloudwatch: CloudWatchClient;
  readonly sns: SNSClient;
  readonly events: EventBridgeClient;

  constructor(parts: {
    readonly platform: Platform;
    readonly functions: Functions;
    readonly mappings: Mappings;
    readonly schedules: Schedules;
    readonly stepFunctions: StepFunctions;
    readonly restApis: RestApis;
    readonly iam: Iam;
    readonly fileSystems: FileSystems;
    readonly securityGroups: SecurityGroups;
    readonly clusters: Clusters;
    readonly codeFolder: string;
  }) {
    this.platform = parts.platform;
    this.functions = parts.functions;
    this.mappings = parts.mappings;
    this.schedules = parts.schedules;
    this.stepFunctions = parts.stepFunctions;
    this.restApis = parts.restApis;
    this.roles = new Roles(parts.iam);
    this.fileSystems = parts.fileSystems;
    this.securityGroups = parts.securityGroups;
    this.clusters = parts.clusters;
    this.codeFolder = parts.codeFolder;
    const credentials = { accessKeyId: administratorKey, secretAccessKey: administratorKey };
    const options = { endpoint: parts.platform.endpoint, region, credentials };
    this.sqs = new SQSClient(options);
    this.s3 = new S3Client({ ...options, forcePathStyle: true });
    this.s3Vectors = new S3VectorsClient(options);
    this.dynamodb = new DynamoDBClient(options);
    this.logs = new CloudWatchLogsClient(options);
    this.secrets = new SecretsManagerClient(options);
    this.cloudwatch = new CloudWatchClient(options);
    this.sns = new SNSClient(options);
    this.events = new EventBridgeClient(options);
  }

  destroyClients(): void {
    for (const client of [
      this.sqs,
      this.s3,
      this.s3Vectors,
      this.dynamodb,
      this.logs,
      this.secrets,
      this.cloudwatch,
      this.sns,
      this.events,
    ])
      client.destroy();
  }
}
