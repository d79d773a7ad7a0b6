import { region } from "../protocol/account.ts";
import type { Properties } from "./properties.ts";

/** The one existing VPC of the local account, for stacks with `network:vpcId`. */
const vpc = { id: "vpc-10ca1", cidrBlock: "10.99.0.0/16", zones: ["a", "b"] };
const routeTable = {
  id: "rtb-10ca1",
  associations: [{ main: true, subnetId: "", gatewayId: "" }],
  routes: [{ cidrBlock: "0.0.0.0/0", gatewayId: "", natGatewayId: "nat-10ca1" }],
};

/** Lookups of the VPC, by token. Each throws for an unknown id, like AWS. */
export const existingVpcAnswers: Readonly<Record<string, (inputs: Properties) => Properties>> = {
  "aws:ec2/getVpc:getVpc": ({ id }) => {
    if (id !== vpc.id) throw new Error(`no matching EC2 VPC found: ${id}. The local account has ${vpc.id}`);
    return { id, cidrBlock: vpc.cidrBlock };
  },
  "aws:ec2/getSubnet:getSubnet": ({ id }) => {
    const zone = vpc.zones.find((letter) => id === `subnet-10ca1${letter}`);
    if (zone === undefined) {
      throw new Error(
        `no matching EC2 Subnet found: ${id}. The local account has subnet-10ca1a and subnet-10ca1b`,
      );
    }
    return { id, vpcId: vpc.id, availabilityZone: `${region}${zone}` };
  },
  "aws:ec2/getRouteTables:getRouteTables": () => ({ id: region, ids: [routeTable.id] }),
  "aws:ec2/getRouteTable:getRouteTable": () => routeTable,
};
