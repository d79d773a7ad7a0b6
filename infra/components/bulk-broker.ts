import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import type { Network } from "./network.ts";

export const brokerPort = 6379;

export interface BulkBrokerArgs {
  readonly settings: Pick<Settings["bulk"], "redisNodeType" | "redisReplicas">;
  readonly network: Network;
  readonly password: pulumi.Output<string>;
  /** Members of these groups may connect. */
  readonly clients: readonly aws.ec2.SecurityGroup[];
}

/**
 * The stack's own Valkey: one node, not a cluster, because BullMQ's scripts access several keys at once. It has TLS, a
 * password and no eviction, which would delete jobs. Serverless ElastiCache evicts and splits keys.
 */
export class BulkBroker extends pulumi.ComponentResource {
  /** The URL with the password. */
  readonly url: pulumi.Output<string>;
  readonly group: aws.elasticache.ReplicationGroup;

  constructor(name: string, args: BulkBrokerArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:BulkBroker", name, {}, options);
    const inside = { parent: this };
    const { settings, network } = args;
    const securityGroup = network.group(name, "Broker of the bulk API");
    for (const [index, client] of args.clients.entries()) {
      network.letIn(
        `${name}-from-${index + 1}`,
        securityGroup,
        { referencedSecurityGroupId: client.id },
        brokerPort,
      );
      network.letOut(
        `${name}-to-${index + 1}`,
        client,
        { referencedSecurityGroupId: securityGroup.id },
        brokerPort,
      );
    }
    const subnets = new aws.elasticache.SubnetGroup(name, { subnetIds: [...network.subnetIds] }, inside);
    const parameters = new aws.elasticache.ParameterGroup(
      name,
      {
        family: "valkey8",
        description: "No job is evicted",
        parameters: [{ name: "maxmemory-policy", value: "noeviction" }],
      },
      inside,
    );
    const { password } = args;
    const hasReplicas = settings.redisReplicas > 0;
    this.group = new aws.elasticache.ReplicationGroup(
      name,
      {
        description: "Jobs of the bulk API",
        engine: "valkey",
        engineVersion: "8.0",
        nodeType: settings.redisNodeType,
        port: brokerPort,
        numCacheClusters: 1 + settings.redisReplicas,
        automaticFailoverEnabled: hasReplicas,
        multiAzEnabled: hasReplicas,
        parameterGroupName: parameters.name,
        subnetGroupName: subnets.name,
        securityGroupIds: [securityGroup.id],
        transitEncryptionEnabled: true,
        atRestEncryptionEnabled: true,
        authToken: password,
        autoMinorVersionUpgrade: true,
      },
      inside,
    );
    this.url = pulumi.secret(
      pulumi.interpolate`rediss://:${password}@${this.group.primaryEndpointAddress}:${brokerPort}`,
    );
    this.registerOutputs();
  }
}
