import type { Wanted } from "./deploy.ts";

/** An existing VPC with a private subnet in each of two zones. */
export const existingVpc = {
  "network:vpcId": "vpc-0a",
  "network:subnetIds": '["subnet-0a","subnet-0b"]',
};

const zones: Record<string, string> = { "subnet-0a": "us-east-1a", "subnet-0b": "us-east-1b" };

export const vpcFound: NonNullable<Wanted["found"]> = {
  "aws:ec2/getVpc:getVpc": ({ id }) => ({ id, cidrBlock: "172.20.0.0/16" }),
  "aws:ec2/getSubnet:getSubnet": ({ id }) => ({ id, vpcId: "vpc-0a", availabilityZone: zones[String(id)] }),
};

interface RouteTable {
  /** The subnet that it is associated with. @default it is the main table */
  readonly subnetId?: string;
  /** Target of 0.0.0.0/0. @default no such route */
  readonly to?: { readonly gatewayId: string } | { readonly natGatewayId: string };
}

/** The route tables of the VPC, by id. */
export function routeTablesFound(tables: Readonly<Record<string, RouteTable>>): typeof vpcFound {
  return {
    "aws:ec2/getRouteTables:getRouteTables": () => ({ ids: Object.keys(tables) }),
    "aws:ec2/getRouteTable:getRouteTable": ({ routeTableId }) => {
      const { subnetId, to } = tables[String(routeTableId)] ?? {};
      const local = { cidrBlock: "172.20.0.0/16", gatewayId: "local" };
      return {
        associations: [{ main: subnetId === undefined, subnetId: subnetId ?? "" }],
        routes: [local, ...(to ? [{ cidrBlock: "0.0.0.0/0", gatewayId: "", ...to }] : [])],
      };
    },
  };
}
