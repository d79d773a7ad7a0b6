import { type Deployment, ofType } from "./deploy.ts";

/** What a role may do, as `action resource`, sorted. */
export function permissionsOf(stack: Deployment, role: string): string[] {
  return statements(ofType(stack, "aws:iam/rolePolicy:RolePolicy").get(role));
}

/** The permissions of every role. */
export function allPermissions(stack: Deployment): Map<string, string[]> {
  const policies = ofType(stack, "aws:iam/rolePolicy:RolePolicy");
  return new Map([...policies].map(([role, policy]) => [role, statements(policy)]));
}

function statements(policy: Record<string, unknown> | undefined): string[] {
  const { Statement } = JSON.parse(String(policy?.policy)) as {
    Statement: { Effect: string; Action: string[]; Resource: string[] }[];
  };
  return Statement.flatMap(({ Effect, Action, Resource }) =>
    Action.flatMap((action) =>
      Resource.map((resource) => `${Effect === "Allow" ? "" : `${Effect} `}${action} ${resource}`),
    ),
  ).sort();
}
