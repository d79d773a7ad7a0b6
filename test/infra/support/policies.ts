import { type Deployment, ofType } from "./deploy.ts";

/** What a role may do, as `action resource`, sorted; what it may not whatever else is allowed, as `Deny action resource`. */
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
    Statement: { Effect: string; Action: string[]; Resource: string[]; Condition?: object }[];
  };
  return Statement.flatMap(({ Effect, Action, Resource, Condition }) =>
    Action.flatMap((action) =>
      Resource.map(
        (resource) =>
          `${Effect === "Allow" ? "" : `${Effect} `}${action} ${resource}${Condition ? ` if ${inWords(Condition)}` : ""}`,
      ),
    ),
  ).sort();
}

/** `{"StringLike":{"key":"a*"}}` as `key StringLike a*`. */
function inWords(condition: object): string {
  return Object.entries(condition)
    .flatMap(([operator, keys]) =>
      Object.entries(keys as object).map(
        ([key, wanted]) => `${key} ${operator} ${[wanted].flat().join(" or ")}`,
      ),
    )
    .join(" and ");
}
