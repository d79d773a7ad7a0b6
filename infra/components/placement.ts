import type * as pulumi from "@pulumi/pulumi";

/** A VPC as the rest of the stack sees it, made here or brought. */
export interface Placement {
  readonly vpcId: pulumi.Output<string>;
  readonly cidr: pulumi.Output<string>;
  /** Where functions and mount targets live: private, one a zone. */
  readonly subnetIds: readonly pulumi.Output<string>[];
  /** Where tasks that call the internet live. */
  readonly taskSubnetIds: readonly pulumi.Output<string>[];
  readonly tasksHavePublicAddresses: boolean;
  /** Routes and endpoints: what runs in the subnets reaches nothing before they are there. */
  readonly egress: readonly pulumi.Resource[];
  /** Where HTTPS to AWS services goes, by a name for each way. */
  readonly serviceEgress: Readonly<Record<string, EgressTarget>>;
}

/** The other end of a security group rule. */
export type EgressTarget =
  | { readonly prefixListId: pulumi.Output<string> }
  | { readonly referencedSecurityGroupId: pulumi.Output<string> }
  | { readonly cidrIpv4: pulumi.Input<string> };
