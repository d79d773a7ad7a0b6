import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type * as z from "zod";
import type { databaseConfig } from "../../../core/images/database/database-config.ts";
import type { migrateConfig } from "../../../functions/image-migrate/config.ts";
import type { Settings } from "../../config.ts";
import { BundledFunction, type FunctionDefaults } from "../bundled-function.ts";
import { environmentOf, type VariablesOf } from "../environment.ts";
import type { Network } from "../network.ts";
import { allow, readSecrets, type Statement } from "../permissions.ts";

const databaseName = "images";
/** Lambda's maximum: a migration may build an index. */
const migrateTimeoutSeconds = 900;

export interface ImageDatabaseArgs {
  readonly settings: Settings["images"];
  readonly keepData: boolean;
  readonly network: Network;
  readonly migrateCode: pulumi.asset.Archive;
  /** Changes with the migrations: the deployment then applies them. */
  readonly migrateHash: string;
  readonly defaults: FunctionDefaults;
}

/**
 * Aurora PostgreSQL with the Data API, so that functions outside the VPC reach it without connections. It has no
 * ingress, and pauses when idle.
 */
export class ImageDatabase extends pulumi.ComponentResource {
  readonly cluster: aws.rds.Cluster;
  readonly migrate: BundledFunction;
  /** Name and password of the functions' role. The migration writes its value. */
  readonly roleSecret: aws.secretsmanager.Secret;
  /** Functions that use the schema depend on it. */
  readonly migrated: pulumi.Resource;
  readonly environment: VariablesOf<z.ZodObject<typeof databaseConfig>>;
  readonly statements: readonly Statement[];

  constructor(name: string, args: ImageDatabaseArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:ImageDatabase", name, {}, options);
    const inside = { parent: this };
    const { settings, keepData, network } = args;
    const subnets = new aws.rds.SubnetGroup(name, { subnetIds: [...network.subnetIds] }, inside);
    const group = network.group(name, "The database of the image flow: reached by the Data API alone");
    this.cluster = new aws.rds.Cluster(
      name,
      {
        clusterIdentifier: name,
        engine: "aurora-postgresql",
        engineMode: "provisioned",
        // pgvector 0.8 comes with it; the migration checks.
        engineVersion: "17.5",
        databaseName,
        masterUsername: "vectorkeep",
        manageMasterUserPassword: true,
        enableHttpEndpoint: true,
        serverlessv2ScalingConfiguration: {
          minCapacity: 0,
          maxCapacity: settings.maxCapacityUnits,
          secondsUntilAutoPause: settings.pauseAfterMinutes * 60,
        },
        dbSubnetGroupName: subnets.name,
        vpcSecurityGroupIds: [group.id],
        storageEncrypted: true,
        copyTagsToSnapshot: true,
        backupRetentionPeriod: keepData ? 14 : 1,
        deletionProtection: keepData,
        skipFinalSnapshot: !keepData,
        ...(keepData && { finalSnapshotIdentifier: `${name}-final` }),
      },
      inside,
    );
    const instance = new aws.rds.ClusterInstance(
      name,
      {
        identifier: name,
        clusterIdentifier: this.cluster.id,
        engine: "aurora-postgresql",
        engineVersion: this.cluster.engineVersion,
        // The migration has checked this engine's pgvector; another one comes with a deployment, which migrates again.
        autoMinorVersionUpgrade: false,
        instanceClass: "db.serverless",
        publiclyAccessible: false,
      },
      inside,
    );
    this.roleSecret = new aws.secretsmanager.Secret(
      `${name}-role`,
      { description: "Role of the functions in the database of the image flow" },
      inside,
    );
    this.migrate = this.migration(name.replace(/-images$/, "-image-migrate"), args, instance);
    this.migrated = new aws.lambda.Invocation(
      name,
      {
        functionName: this.migrate.function.name,
        input: "{}",
        triggers: {
          migrations: args.migrateHash,
          dimensions: String(settings.embeddingDimensions),
          cluster: this.cluster.clusterResourceId,
          engine: this.cluster.engineVersion,
        },
      },
      inside,
    );
    this.environment = this.variables(this.roleSecret.arn);
    this.statements = [useDataApi(this.cluster), readSecrets(this.roleSecret)];
    this.registerOutputs();
  }

  private migration(
    name: string,
    { migrateCode, settings, defaults }: ImageDatabaseArgs,
    instance: aws.rds.ClusterInstance,
  ): BundledFunction {
    const ownerSecret = this.cluster.masterUserSecrets.apply((secrets) => secrets?.[0]?.secretArn ?? "");
    return new BundledFunction(
      name,
      {
        ...defaults,
        description: "Applies the migrations of the image flow's database",
        code: migrateCode,
        timeoutSeconds: migrateTimeoutSeconds,
        memoryMiB: 512,
        environment: environmentOf<typeof migrateConfig>({
          ...this.variables(ownerSecret),
          ROLE_SECRET_ARN: this.roleSecret.arn,
          VECTOR_DIMENSIONS: String(settings.embeddingDimensions),
        }),
        statements: [
          useDataApi(this.cluster),
          readSecrets({ arn: ownerSecret }),
          allow(["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], [this.roleSecret.arn]),
        ],
        after: [instance],
      },
      { parent: this },
    );
  }

  private variables(secretArn: pulumi.Input<string>) {
    return {
      DATABASE_CLUSTER_ARN: this.cluster.arn,
      DATABASE_SECRET_ARN: secretArn,
      DATABASE_NAME: databaseName,
    };
  }
}

function useDataApi({ arn }: aws.rds.Cluster): Statement {
  return allow(
    [
      "rds-data:BeginTransaction",
      "rds-data:CommitTransaction",
      "rds-data:ExecuteStatement",
      "rds-data:RollbackTransaction",
    ],
    [arn],
  );
}
