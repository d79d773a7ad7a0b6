import { z } from "zod";
import type { Iam } from "../iam/iam.ts";
import { accountId } from "../protocol/account.ts";

const trustPolicy = z.object({
  Statement: z.array(
    z.object({
      Effect: z.string(),
      Principal: z.object({ Service: z.union([z.string(), z.array(z.string())]) }),
    }),
  ),
});

interface KnownRole {
  readonly trustedServices: readonly string[];
  readonly policies: Map<string, unknown>;
}

/** The roles of the stack; their policies may come one by one. */
export class Roles {
  readonly #iam: Iam;
  readonly #roles = new Map<string, KnownRole>();

  constructor(iam: Iam) {
    this.#iam = iam;
  }

  create(name: string, assumeRolePolicy: unknown): void {
    const trustedServices = trustPolicy
      .parse(assumeRolePolicy)
      .Statement.filter(({ Effect }) => Effect === "Allow")
      .flatMap(({ Principal }) => Principal.Service);
    this.#roles.set(name, { trustedServices, policies: new Map() });
    this.#register(name);
  }

  putPolicy(roleName: string, policyName: string, policy: unknown): void {
    this.#existing(roleName).policies.set(policyName, policy);
    this.#register(roleName);
  }

  /** The role's name, from its ARN. Throws unless the service may assume it. */
  assumedBy(service: string, roleArn: string): string {
    const name = roleArn.split("/").at(-1) ?? "";
    if (!this.#existing(name).trustedServices.includes(service)) {
      throw new Error(`The role ${name} cannot be assumed by ${service}: its trust policy does not say so`);
    }
    return name;
  }

  #existing(name: string): KnownRole {
    const role = this.#roles.get(name);
    if (role === undefined) throw new Error(`There is no role ${name}`);
    return role;
  }

  #register(name: string): void {
    this.#iam.registerRole({
      name,
      accessKeyId: `local-${name}`,
      policies: [...this.#existing(name).policies.values()],
    });
  }
}

export function roleArn(name: string): string {
  return `arn:aws:iam::${accountId}:role/${name}`;
}
