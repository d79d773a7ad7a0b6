import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { PrivateBucket } from "../private-bucket.ts";

/** Versions of originals that were replaced or deleted. */
const keepVersionsDays = 30;

export interface ImageStorageArgs {
  readonly keepData: boolean;
  readonly renditionDays: number;
}

/**
 * Two buckets: uploads, whose events start the flow, and renditions. With a single bucket, a thumbnail could start the
 * flow again.
 */
export class ImageStorage extends pulumi.ComponentResource {
  readonly images: aws.s3.Bucket;
  readonly renditions: aws.s3.Bucket;
  /** Uploads before it exists start nothing. */
  readonly notification: aws.s3.BucketNotification;

  constructor(
    name: string,
    { keepData, renditionDays: days }: ImageStorageArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("vectorkeep:infra:ImageStorage", name, {}, options);
    const inside = { parent: this };
    this.images = new PrivateBucket(
      `${name}-uploads`,
      { keepData, ...(keepData && { keepVersionsDays }) },
      inside,
    ).bucket;
    this.renditions = new PrivateBucket(
      `${name}-renditions`,
      // Renditions can be made again from their originals.
      { keepData: false, expiring: { prefix: "", days } },
      inside,
    ).bucket;
    this.notification = new aws.s3.BucketNotification(
      name,
      { bucket: this.images.id, eventbridge: true },
      inside,
    );
    this.registerOutputs();
  }
}
