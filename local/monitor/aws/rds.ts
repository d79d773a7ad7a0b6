import { randomBytes } from "node:crypto";
import { CreateSecretCommand } from "@aws-sdk/client-secrets-manager";
import * as z from "zod";
import { clusterArn } from "../../services/rds-data/clusters.ts";
import type { Deployment } from "../deployment.ts";
import { parseInputs } from "../inputs.ts";
import { lastingId, physicalName } from "../names.ts";
import type { Creators } from "../resource.ts";

/** Names that Aurora rejects for a master user. */
const reservedUsers = ["admin", "postgres", "rdsadmin", "rds_superuser"];

const anything = z.unknown().optional();
const clusterInputs = z.strictObject({
  clusterIdentifier: z.string().optional(),
  engine: z.literal("aurora-postgresql"),
  engineMode: z.literal("provisioned").optional(),
  engineVersion: anything,
  databaseName: z.string().regex(/^[A-Za-z]\w{0,62}$/),
  masterUsername: z
    .string()
    .regex(/^[A-Za-z]\w{0,62}$/)
    .refine((user) => !reservedUsers.includes(user), "is a name that RDS reserves"),
  manageMasterUserPassword: z.literal(true),
  enableHttpEndpoint: z.boolean().default(false),
  serverlessv2ScalingConfiguration: z
    .looseObject({ minCapacity: z.number(), maxCapacity: z.number() })
    .optional(),
  dbSubnetGroupName: z.string().optional(),
  vpcSecurityGroupIds: z.array(z.string()).optional(),
  ...Object.fromEntries(
    [
      "allowMajorVersionUpgrade",
      "applyImmediately",
      "availabilityZones",
      "backupRetentionPeriod",
      "copyTagsToSnapshot",
      "dbClusterParameterGroupName",
      "deleteAutomatedBackups",
      "deletionProtection",
      "enabledCloudwatchLogsExports",
      "finalSnapshotIdentifier",
      "iamDatabaseAuthenticationEnabled",
      "kmsKeyId",
      "preferredBackupWindow",
      "preferredMaintenanceWindow",
      "skipFinalSnapshot",
      "storageEncrypted",
      "tags",
    ].map((name) => [name, anything]),
  ),
});

const instanceInputs = z.looseObject({
  identifier: z.string().optional(),
  clusterIdentifier: z.string(),
  engine: z.literal("aurora-postgresql"),
  instanceClass: z
    .string()
    .regex(/^db\.(?!t\d)/, "is a class without the Data API: it has no burstable ones"),
  publiclyAccessible: z.literal(false).default(false),
});

const subnetGroupInputs = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  subnetIds: z.array(z.string()).min(2, "has subnets of fewer than two availability zones"),
  tags: anything,
});

export const rdsCreators: Creators = {
  "aws:rds/subnetGroup:SubnetGroup"({ name, inputs }) {
    const groupName = physicalName(parseInputs(subnetGroupInputs, inputs).name, name).toLowerCase();
    return { id: groupName, outputs: { name: groupName, arn: `arn:aws:rds:local:subgrp:${groupName}` } };
  },

  async "aws:rds/cluster:Cluster"({ name, inputs }, deployment) {
    const wanted = parseInputs(clusterInputs, inputs);
    const identifier = physicalName(wanted.clusterIdentifier, name).toLowerCase();
    const password = randomBytes(24).toString("base64url");
    const secretArn = await masterSecret(deployment, identifier, wanted.masterUsername, password);
    await deployment.clusters.create(
      identifier,
      { user: wanted.masterUsername, password },
      { databaseName: wanted.databaseName, httpEndpoint: wanted.enableHttpEndpoint },
    );
    return {
      id: identifier,
      outputs: {
        arn: clusterArn(identifier),
        clusterIdentifier: identifier,
        clusterResourceId: lastingId("cluster", identifier).toUpperCase(),
        endpoint: `${identifier}.cluster.local`,
        readerEndpoint: `${identifier}.cluster-ro.local`,
        port: 5432,
        masterUserSecrets: [{ secretArn, secretStatus: "active", kmsKeyId: "aws/secretsmanager" }],
      },
    };
  },

  "aws:rds/clusterInstance:ClusterInstance"({ name, inputs }, { clusters }) {
    const wanted = parseInputs(instanceInputs, inputs);
    const identifier = physicalName(wanted.identifier, name).toLowerCase();
    const cluster = clusters.find(clusterArn(wanted.clusterIdentifier));
    if (cluster === undefined) throw new Error(`There is no cluster ${wanted.clusterIdentifier}`);
    cluster.instances.add(identifier);
    return {
      id: identifier,
      outputs: {
        identifier,
        arn: clusterArn(wanted.clusterIdentifier).replace(/:cluster:.*/, `:db:${identifier}`),
        endpoint: `${identifier}.local`,
        writer: cluster.instances.size === 1,
      },
    };
  },
};

/** RDS makes it, with a name of its own. */
async function masterSecret(
  { secrets }: Deployment,
  identifier: string,
  username: string,
  password: string,
): Promise<string> {
  const Name = `rds!${lastingId("cluster", identifier)}`;
  const { ARN = "" } = await secrets.send(
    new CreateSecretCommand({ Name, SecretString: JSON.stringify({ username, password }) }),
  );
  return ARN;
}
