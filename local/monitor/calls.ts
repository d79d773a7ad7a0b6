import { accountId, region } from "../protocol/account.ts";
import { existingVpcAnswers } from "./existing-vpc.ts";
import type { Properties } from "./properties.ts";

const zones = ["a", "b", "c"].map((letter) => `${region}${letter}`);
const zoneIds = [1, 2, 4].map((number) => `use1-az${number}`);

/** The results of the program's lookups, by token. */
export const answers: Readonly<Record<string, (inputs: Properties) => Properties>> = {
  ...existingVpcAnswers,
  "aws:ecs/getClusters:getClusters": () => ({ id: region, clusterArns: [] }),
  "aws:index/getAvailabilityZones:getAvailabilityZones": () => ({ id: region, names: zones, zoneIds }),
  "aws:index/getCallerIdentity:getCallerIdentity": () => ({
    id: accountId,
    accountId,
    arn: `arn:aws:iam::${accountId}:user/local`,
    userId: "local",
  }),
  "aws:index/getPartition:getPartition": () => ({ id: "aws", partition: "aws", dnsSuffix: "amazonaws.com" }),
  "aws:index/getRegion:getRegion": () => ({ id: region, region, description: "the local AWS" }),
};
