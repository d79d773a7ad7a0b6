import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface PrivateBucketArgs {
  /** Whether the bucket refuses to be deleted while it holds objects. */
  readonly keepData: boolean;
  /** Objects under a prefix that go after some days. @default none, objects stay */
  readonly expiring?: { readonly prefix: string; readonly days: number };
}

/** An encrypted S3 bucket that nobody reaches without TLS or from outside the account's own permissions. */
export class PrivateBucket extends pulumi.ComponentResource {
  readonly bucket: aws.s3.Bucket;

  constructor(name: string, args: PrivateBucketArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:PrivateBucket", name, {}, options);
    const inside = { parent: this };
    this.bucket = new aws.s3.Bucket(name, { forceDestroy: !args.keepData }, inside);
    const bucket = this.bucket.id;
    new aws.s3.BucketServerSideEncryptionConfiguration(
      name,
      { bucket, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] },
      inside,
    );
    const block = new aws.s3.BucketPublicAccessBlock(
      name,
      {
        bucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      inside,
    );
    // S3 refuses two changes of a bucket's access at once, so the policy follows the block.
    new aws.s3.BucketPolicy(
      name,
      { bucket, policy: onlyOverTls(this.bucket.arn) },
      { parent: this, dependsOn: [block] },
    );
    new aws.s3.BucketLifecycleConfiguration(name, { bucket, rules: lifecycle(args.expiring) }, inside);
    this.registerOutputs();
  }
}

function onlyOverTls(arn: pulumi.Output<string>): pulumi.Output<string> {
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [arn, pulumi.interpolate`${arn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  });
}

function lifecycle(expiring: PrivateBucketArgs["expiring"]) {
  const abandoned = {
    id: "abandoned-uploads",
    status: "Enabled",
    filter: { prefix: "" },
    abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
  };
  if (expiring === undefined) return [abandoned];
  const { prefix, days } = expiring;
  return [
    abandoned,
    {
      id: prefix.replace("/", "") || "everything",
      status: "Enabled",
      filter: { prefix },
      expiration: { days },
    },
  ];
}
