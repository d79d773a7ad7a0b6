import * as aws from "@pulumi/aws";

const everywhere = "0.0.0.0/0";

/** The subnets in which a function, which has no public address, cannot reach the internet. */
export async function subnetsWithoutInternet(vpcId: string, subnetIds: readonly string[]): Promise<string[]> {
  const { ids } = await aws.ec2.getRouteTables({ vpcId });
  const tables = await Promise.all(ids.map((routeTableId) => aws.ec2.getRouteTable({ routeTableId })));
  const main = tables.find(({ associations }) => associations.some((association) => association.main));
  return subnetIds.filter((subnetId) => {
    const own = tables.find(({ associations }) => associations.some((one) => one.subnetId === subnetId));
    const routes = (own ?? main)?.routes ?? [];
    return !routes.some((route) => route.cidrBlock === everywhere && !route.gatewayId.startsWith("igw-"));
  });
}
