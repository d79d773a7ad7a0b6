import * as pulumi from "@pulumi/pulumi";

/** Types of resources that hold data that no deployment can recreate. */
const holdingData: ReadonlySet<string> = new Set([
  "aws:dynamodb/table:Table",
  "aws:efs/fileSystem:FileSystem",
  "aws:rds/cluster:Cluster",
  "aws:s3/bucket:Bucket",
  "aws:s3/vectorsVectorBucket:VectorsVectorBucket",
  "aws:secretsmanager/secret:Secret",
  "aws:sqs/queue:Queue",
]);

/**
 * Makes the engine refuse to delete or replace any resource of the stack that holds data (F45). It refuses at preview; AWS's
 * own protection applies in the middle of `pulumi destroy`, when most of the stack is gone. A rule by type covers future resources too. Resources with copies alone state `protect: false`.
 */
export function protectData(): void {
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) =>
    holdingData.has(type) && opts.protect !== false
      ? { props, opts: pulumi.mergeOptions(opts, { protect: true }) }
      : undefined,
  );
}
