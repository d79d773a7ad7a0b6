import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface PrivateBucketArgs {
  /** Whether the bucket refuses to be deleted while it holds objects. */
  readonly keepData: boolean;
  /** Expires objects under a prefix after some days. @default objects do not expire */
  readonly expiring?: { readonly prefix: string; readonly days: number };
  /** Keeps noncurrent versions for this many days. @default no versioning */
  readonly keepVersionsDays?: number;
}

/** An encrypted S3 bucket that requires TLS and blocks public access. */
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
    // S3 rejects concurrent changes of a bucket's access, so the policy follows the public access block.
    new aws.s3.BucketPolicy(
      name,
      { bucket, policy: onlyOverTls(this.bucket.arn) },
      { parent: this, dependsOn: [block] },
    );
    const versioning =
      args.keepVersionsDays === undefined
        ? []
        : [
            new aws.s3.BucketVersioning(
              name,
              { bucket, versioningConfiguration: { status: "Enabled" } },
              inside,
            ),
          ];
    // Rules about noncurrent versions need versioning.
    new aws.s3.BucketLifecycleConfiguration(
      name,
      { bucket, rules: lifecycle(args) },
      { parent: this, dependsOn: versioning },
    );
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

function lifecycle({ expiring, keepVersionsDays }: PrivateBucketArgs) {
  const everything = { prefix: "" };
  return [
    {
      id: "abandoned-uploads",
      status: "Enabled",
      filter: everything,
      abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
    },
    ...(keepVersionsDays === undefined
      ? []
      : [
          {
            id: "former-versions",
            status: "Enabled",
            filter: everything,
            noncurrentVersionExpiration: { noncurrentDays: keepVersionsDays },
            // A delete marker expires with the last version that it hides.
            expiration: { expiredObjectDeleteMarker: true },
          },
        ]),
    ...(expiring === undefined
      ? []
      : [
          {
            id: expiring.prefix.replace("/", "") || "everything",
            status: "Enabled",
            filter: { prefix: expiring.prefix },
            expiration: { days: expiring.days },
          },
        ]),
  ];
}
