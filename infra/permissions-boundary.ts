import * as pulumi from "@pulumi/pulumi";

/**
 * Gives every role of the stack a permissions boundary. Who may deploy and make roles could otherwise give one of them
 * more than a deployment may do itself (infra/ci). A rule by type covers future roles too.
 */
export function boundRoles(permissionsBoundary: string): void {
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) =>
    type === "aws:iam/role:Role" ? { props: { ...props, permissionsBoundary }, opts } : undefined,
  );
}
