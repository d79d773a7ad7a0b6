import { z } from "zod";
import { accountId, region } from "../../protocol/account.ts";
import { parseInputs } from "../inputs.ts";
import { cloudId } from "../names.ts";
import type { Creator, Creators } from "../resource.ts";

const rule = z.object({
  securityGroupId: z.string(),
  ipProtocol: z.string(),
  fromPort: z.number().optional(),
  toPort: z.number().optional(),
  referencedSecurityGroupId: z.string().optional(),
  cidrIpv4: z.string().optional(),
});

export const securityGroupRuleCreators: Creators = {
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": create(true),
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": create(false),
};

function create(isEgress: boolean): Creator {
  return ({ inputs }, { securityGroups }) => {
    const id = cloudId("sgr");
    const wanted = parseInputs(rule, inputs);
    securityGroups.addRule({
      id,
      groupId: wanted.securityGroupId,
      isEgress,
      protocol: wanted.ipProtocol,
      fromPort: wanted.fromPort,
      toPort: wanted.toPort,
      referencedGroupId: wanted.referencedSecurityGroupId,
      cidr: wanted.cidrIpv4,
    });
    return { id, outputs: { arn: `arn:aws:ec2:${region}:${accountId}:security-group-rule/${id}` } };
  };
}
