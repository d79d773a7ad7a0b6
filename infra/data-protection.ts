import * as pulumi from "@pulumi/pulumi";

/** Types of resources that hold data, which no deployment can bring back. */
const holdingData: ReadonlySet<string> = new Set([
  "aws:dynamodb/table:Table",
  "aws:efs/fileSystem:FileSystem",
  "aws:s3/bucket:Bucket",
  "aws:secretsmanager/secret:Secret",
  "aws:sqs/queue:Queue",
]);

/**
 * Has the engine refuse to delete or replace any resource of the stack that holds data (F45). It refuses at preview; AWS's own
 * refusals come in the middle of `pulumi destroy`, when most of the stack is gone. A rule by type covers resources to come as well.
 */
export function protectData(): void {
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) =>
    holdingData.has(type) ? { props, opts: pulumi.mergeOptions(opts, { protect: true }) } : undefined,
  );
}
