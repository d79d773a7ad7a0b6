import { globMatches } from "../iam/glob.ts";

/** One statement of a function's resource policy: the parameters of `AddPermission`. */
export interface InvokePermission {
  /** For example `apigateway.amazonaws.com`. */
  readonly principal: string;
  /** May contain IAM's wildcards; undefined allows the principal for any resource. */
  readonly sourceArn: string | undefined;
}

/** Which services may invoke which functions. */
export class ResourcePolicies {
  readonly #permissions = new Map<string, InvokePermission[]>();

  add(functionName: string, permission: InvokePermission): void {
    this.#permissions.set(functionName, [...(this.#permissions.get(functionName) ?? []), permission]);
  }

  /** Whether the service may invoke the function in the name of the resource. */
  allow(functionName: string, principal: string, resourceArn: string): boolean {
    return (this.#permissions.get(functionName) ?? []).some(
      (permission) =>
        permission.principal === principal &&
        (permission.sourceArn === undefined || globMatches(permission.sourceArn, resourceArn)),
    );
  }
}
