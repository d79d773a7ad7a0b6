import { z } from "zod";
import { jsonDocument, parseInputs } from "../inputs.ts";
import { physicalName } from "../names.ts";
import type { Creators } from "../resource.ts";
import { roleArn } from "../roles.ts";

const role = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  assumeRolePolicy: jsonDocument,
  tags: z.unknown().optional(),
});
const rolePolicy = z.strictObject({ name: z.string().optional(), role: z.string(), policy: jsonDocument });

export const iamCreators: Creators = {
  "aws:iam/role:Role"({ name, inputs }, { roles }) {
    const { name: given, assumeRolePolicy } = parseInputs(role, inputs);
    const roleName = physicalName(given, name);
    roles.create(roleName, assumeRolePolicy);
    return { id: roleName, outputs: { name: roleName, arn: roleArn(roleName) } };
  },

  "aws:iam/rolePolicy:RolePolicy"({ name, inputs }, { roles }) {
    const { name: given, role: roleName, policy } = parseInputs(rolePolicy, inputs);
    const policyName = physicalName(given, name);
    roles.putPolicy(roleName, policyName, policy);
    return { id: `${roleName}:${policyName}`, outputs: { name: policyName } };
  },
};
