import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { OwnVpc } from "./own-vpc.ts";
import type { EgressTarget, Placement } from "./placement.ts";

const nfs = 2049;
const https = 443;

export interface NetworkArgs {
  /** CIDR range of the stack's own VPC. */
  readonly cidr: string;
  /** An existing VPC and its private subnets. @default the stack's own VPC */
  readonly existing?: Placement;
  /** Whether tasks call the internet, which requires public subnets in the stack's own VPC. */
  readonly internetForTasks: boolean;
  /** Ids of the availability zones of the stack's own VPC. @default the first two that support Lambda and Fargate */
  readonly zones: readonly string[];
  /** Number of zones with an interface endpoint in the stack's own VPC. */
  readonly endpointZones: number;
  /** Whether a function in the VPC calls S3 Vectors. */
  readonly mirrors: boolean;
}

/** Placement and egress of functions and tasks that mount the file system, and of those that need a private address. */
export class Network extends pulumi.ComponentResource {
  readonly placement: Placement;
  readonly subnetIds: readonly pulumi.Output<string>[];
  readonly functionsGroup: aws.ec2.SecurityGroup;
  readonly fileSystemGroup: aws.ec2.SecurityGroup;
  /** Rules, routes and endpoints that must exist before a function is attached or a task starts. */
  readonly rules: readonly pulumi.Resource[];

  constructor(name: string, args: NetworkArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:Network", name, {}, options);
    this.placement =
      args.existing ??
      new OwnVpc(
        name,
        {
          cidr: args.cidr,
          publicSubnets: args.internetForTasks,
          zones: args.zones,
          endpointZones: args.endpointZones,
          interfaceServices: args.mirrors ? ["sqs", "s3vectors"] : ["sqs"],
        },
        { parent: this },
      );
    this.subnetIds = this.placement.subnetIds;
    this.functionsGroup = this.group(`${name}-functions`, "Functions that mount the collections");
    this.fileSystemGroup = this.group(`${name}-file-system`, "Mount targets of the collections");
    this.rules = [
      ...this.placement.egress,
      ...this.letMount(`${name}-functions`, this.functionsGroup),
      ...Object.entries(this.placement.serviceEgress).map(([service, way]) =>
        this.letOut(`${name}-functions-to-${service}`, this.functionsGroup, way, https),
      ),
    ];
    this.registerOutputs();
  }

  /** A security group without any rule. */
  group(name: string, description: string, options?: pulumi.CustomResourceOptions): aws.ec2.SecurityGroup {
    return new aws.ec2.SecurityGroup(
      name,
      { vpcId: this.placement.vpcId, description, tags: { Name: name } },
      { ...options, parent: this },
    );
  }

  /** Lets the members of a group mount the file system. */
  letMount(name: string, group: aws.ec2.SecurityGroup): pulumi.Resource[] {
    return [
      this.letOut(`${name}-to-files`, group, { referencedSecurityGroupId: this.fileSystemGroup.id }, nfs),
      this.letIn(`${name}-into-files`, this.fileSystemGroup, { referencedSecurityGroupId: group.id }, nfs),
    ];
  }

  letOut(name: string, from: aws.ec2.SecurityGroup, to: EgressTarget, port: number): pulumi.Resource {
    return new aws.vpc.SecurityGroupEgressRule(
      name,
      { securityGroupId: from.id, ...to, ipProtocol: "tcp", fromPort: port, toPort: port },
      { parent: this },
    );
  }

  letIn(name: string, to: aws.ec2.SecurityGroup, from: EgressTarget, port: number): pulumi.Resource {
    return new aws.vpc.SecurityGroupIngressRule(
      name,
      { securityGroupId: to.id, ...from, ipProtocol: "tcp", fromPort: port, toPort: port },
      { parent: this },
    );
  }
}
