import type * as pulumi from "@pulumi/pulumi";

/** A VPC as the rest of the stack sees it, the stack's own or an existing one. */
export interface Placement {
  readonly vpcId: pulumi.Output<string>;
  readonly cidr: pulumi.Output<string>;
  /** Private subnets of functions and mount targets, one per zone. */
  readonly subnetIds: readonly pulumi.Output<string>[];
  /** Subnets of tasks that call the internet. */
  readonly taskSubnetIds: readonly pulumi.Output<string>[];
  readonly tasksHavePublicAddresses: boolean;
  /** Routes and endpoints that must exist before anything runs in the subnets. */
  readonly egress: readonly pulumi.Resource[];
  /** Targets of HTTPS egress to AWS services, by name. */
  readonly serviceEgress: Readonly<Record<string, EgressTarget>>;
}

/** The other end of a security group rule. */
export type EgressTarget =
  | { readonly prefixListId: pulumi.Output<string> }
  | { readonly referencedSecurityGroupId: pulumi.Output<string> }
  | { readonly cidrIpv4: pulumi.Input<string> };
