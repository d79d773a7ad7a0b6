import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { quarters } from "./address-ranges.ts";
import type { Placement } from "./placement.ts";

export interface OwnVpcArgs {
  readonly cidr: string;
  /** Whether there are public subnets, for tasks that call the internet. They have no ingress. */
  readonly publicSubnets: boolean;
  /** Ids of two availability zones. @default the first two that support Lambda and Fargate */
  readonly zones: readonly string[];
  /** Number of zones with an interface endpoint. */
  readonly endpointZones: number;
  /** Services with an interface endpoint. */
  readonly interfaceServices: readonly ["sqs", ...string[]];
}

/** Zones in which Lambda or Fargate do not run (Amazon ECS Developer Guide, "Supported Regions for Amazon ECS on AWS Fargate"). */
const unsupportedZones = ["apne1-az3", "cac1-az3", "cnn1-az3", "use1-az3", "usw1-az2"];

/**
 * A VPC with two private subnets in two availability zones. They only reach S3 and DynamoDB (gateway endpoints, free)
 * and services with an interface endpoint (about 7 USD per month and zone each), because there is no NAT.
 */
export class OwnVpc extends pulumi.ComponentResource implements Placement {
  readonly vpcId: pulumi.Output<string>;
  readonly cidr: pulumi.Output<string>;
  readonly subnetIds: readonly pulumi.Output<string>[];
  readonly taskSubnetIds: readonly pulumi.Output<string>[];
  readonly tasksHavePublicAddresses = true;
  readonly serviceEgress: Placement["serviceEgress"];
  readonly egress: pulumi.Resource[] = [];

  constructor(name: string, args: OwnVpcArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:OwnVpc", name, {}, options);
    const inside = { parent: this };
    const vpc = new aws.ec2.Vpc(
      name,
      {
        cidrBlock: args.cidr,
        enableDnsSupport: true,
        enableDnsHostnames: true,
        tags: { Name: name },
      },
      inside,
    );
    const zones = args.zones.length > 0 ? pulumi.output([...args.zones]) : supportedZones(inside);
    const [privateOne, privateTwo, publicOne, publicTwo] = quarters(args.cidr);

    const privateRoutes = new aws.ec2.RouteTable(
      `${name}-private`,
      { vpcId: vpc.id, tags: { Name: `${name}-private` } },
      inside,
    );
    this.subnetIds = this.subnets(`${name}-private`, [privateOne, privateTwo], vpc, zones, privateRoutes);
    this.taskSubnetIds = args.publicSubnets
      ? this.subnets(
          `${name}-public`,
          [publicOne, publicTwo],
          vpc,
          zones,
          this.publicRoutes(`${name}-public`, vpc),
        )
      : [];
    this.serviceEgress = this.endpoints(name, args, vpc, privateRoutes);
    this.vpcId = vpc.id;
    this.cidr = vpc.cidrBlock;
    this.registerOutputs();
  }

  private subnets(
    name: string,
    ranges: readonly string[],
    vpc: aws.ec2.Vpc,
    zoneIds: pulumi.Output<string[]>,
    routes: aws.ec2.RouteTable,
  ) {
    return ranges.map((cidrBlock, index) => {
      const subnetName = `${name}-${index + 1}`;
      const availabilityZoneId = zoneIds.apply((ids) => ids[index] ?? "");
      const subnet = new aws.ec2.Subnet(
        subnetName,
        { vpcId: vpc.id, cidrBlock, availabilityZoneId, tags: { Name: subnetName } },
        { parent: this },
      );
      this.egress.push(
        new aws.ec2.RouteTableAssociation(
          subnetName,
          { subnetId: subnet.id, routeTableId: routes.id },
          { parent: this },
        ),
      );
      return subnet.id;
    });
  }

  private publicRoutes(name: string, vpc: aws.ec2.Vpc): aws.ec2.RouteTable {
    const inside = { parent: this };
    const gateway = new aws.ec2.InternetGateway(name, { vpcId: vpc.id, tags: { Name: name } }, inside);
    const routes = new aws.ec2.RouteTable(name, { vpcId: vpc.id, tags: { Name: name } }, inside);
    this.egress.push(
      new aws.ec2.Route(
        name,
        { routeTableId: routes.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id },
        inside,
      ),
    );
    return routes;
  }

  private endpoints(
    name: string,
    { cidr, endpointZones, interfaceServices }: OwnVpcArgs,
    vpc: aws.ec2.Vpc,
    routes: aws.ec2.RouteTable,
  ): Placement["serviceEgress"] {
    const inside = { parent: this };
    const { region } = aws.getRegionOutput({}, inside);
    const common = (service: string) => ({
      vpcId: vpc.id,
      serviceName: pulumi.interpolate`com.amazonaws.${region}.${service}`,
      tags: { Name: `${name}-${service}` },
    });
    const gateway = (service: string) =>
      new aws.ec2.VpcEndpoint(
        `${name}-${service}`,
        { ...common(service), vpcEndpointType: "Gateway", routeTableIds: [routes.id] },
        inside,
      );
    const group = new aws.ec2.SecurityGroup(
      `${name}-endpoints`,
      {
        vpcId: vpc.id,
        description: "Interface endpoints of AWS services",
        tags: { Name: `${name}-endpoints` },
      },
      inside,
    );
    const fromWithin = new aws.vpc.SecurityGroupIngressRule(
      `${name}-endpoints-https`,
      { securityGroupId: group.id, cidrIpv4: cidr, ipProtocol: "tcp", fromPort: 443, toPort: 443 },
      inside,
    );
    const interfaces = interfaceServices.map(
      (service) =>
        new aws.ec2.VpcEndpoint(
          `${name}-${service}`,
          {
            ...common(service),
            vpcEndpointType: "Interface",
            // Its DNS name resolves from every zone of the VPC.
            subnetIds: this.subnetIds.slice(0, endpointZones),
            securityGroupIds: [group.id],
            privateDnsEnabled: true,
          },
          inside,
        ),
    );
    const [s3, dynamodb] = [gateway("s3"), gateway("dynamodb")];
    this.egress.push(s3, dynamodb, ...interfaces, fromWithin);
    return {
      s3: { prefixListId: s3.prefixListId },
      dynamodb: { prefixListId: dynamodb.prefixListId },
      // One group for all of them: AWS refuses a second rule to it.
      sqs: { referencedSecurityGroupId: group.id },
    };
  }
}

/** Sorted, so that subnets keep their zones if AWS lists the zones in another order. */
function supportedZones(inside: pulumi.InvokeOptions): pulumi.Output<string[]> {
  const { zoneIds } = aws.getAvailabilityZonesOutput(
    {
      state: "available",
      filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
      excludeZoneIds: unsupportedZones,
    },
    inside,
  );
  return zoneIds.apply((ids) => [...ids].sort());
}
