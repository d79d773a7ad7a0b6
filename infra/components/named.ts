import type * as pulumi from "@pulumi/pulumi";

/** A bucket or table by its name, for environments, and its ARN, for policies. */
export interface Named {
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
}

/** A receipts table as the rest of the stack sees it, the stack's own or an existing one. */
export interface ReceiptsTable extends Named {
  readonly streamArn: pulumi.Output<string>;
}
