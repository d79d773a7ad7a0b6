import { accountId, region } from "../protocol/account.ts";
import type { Caller, Permission } from "../protocol/service.ts";
import { evaluate } from "./evaluate.ts";
import { readPolicy, type Statement } from "./policy.ts";

/** The access key id (and secret) of the administrator, who may do everything. */
export const administratorKey = "local";

export interface Role {
  readonly name: string;
  /** Given to the processes that run under this role. */
  readonly accessKeyId: string;
  /** Identity policies: objects or their JSON text, of the role itself and of those attached to it. */
  readonly policies: readonly unknown[];
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Principal extends Caller {
  /** Undefined if the permission is granted, otherwise the reason in the words of AWS. */
  refusal(permission: Permission): string | undefined;
}

/** The principals of the local stack and their permissions. */
export class Iam {
  private readonly principals = new Map<string, Principal>([[administratorKey, administrator()]]);
  private readonly keys = new Map<string, string>();

  /** Adds a role, or replaces the one of that name. Throws PolicyNotUnderstoodError. */
  registerRole({ name, accessKeyId, policies }: Role): void {
    const previousKey = this.keys.get(name);
    if (previousKey !== undefined) this.principals.delete(previousKey);
    this.keys.set(name, accessKeyId);
    this.principals.set(accessKeyId, rolePrincipal(name, policies.flatMap(readPolicy)));
  }

  /** Returns the credentials for the environment of a process with the role; undefined if there is no such role. */
  credentials(roleName: string): Credentials | undefined {
    const accessKeyId = this.keys.get(roleName);
    return accessKeyId === undefined ? undefined : { accessKeyId, secretAccessKey: accessKeyId };
  }

  caller(accessKeyId: string): Principal | undefined {
    return this.principals.get(accessKeyId);
  }
}

function administrator(): Principal {
  return {
    arn: `arn:aws:iam::${accountId}:user/${administratorKey}`,
    allows: () => true,
    refusal: () => undefined,
  };
}

function rolePrincipal(name: string, statements: readonly Statement[]): Principal {
  const arn = `arn:aws:sts::${accountId}:assumed-role/${name}/${administratorKey}`;
  const globalContext = {
    "aws:SecureTransport": "true",
    "aws:RequestedRegion": region,
    "aws:PrincipalArn": `arn:aws:iam::${accountId}:role/${name}`,
    "aws:PrincipalAccount": accountId,
    "aws:ResourceAccount": accountId,
    "aws:PrincipalOrgID": undefined,
    "aws:SourceVpce": undefined,
    // Lambda sets it on calls of a function's own code. The platform's calls under the same role look the same here.
    "lambda:SourceFunctionArn": undefined,
  };
  const refusal = ({ action, resource, context }: Permission): string | undefined => {
    const decision = evaluate(statements, { action, resource, context: { ...globalContext, ...context } });
    if (decision === "allowed") return undefined;
    return decision === "explicitly denied"
      ? "with an explicit deny in an identity-based policy"
      : `because no identity-based policy allows the ${action} action`;
  };
  return { arn, refusal, allows: (permission) => refusal(permission) === undefined };
}
