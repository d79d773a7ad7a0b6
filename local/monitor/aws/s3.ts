import { CreateBucketCommand, PutBucketNotificationConfigurationCommand } from "@aws-sdk/client-s3";
import * as z from "zod";
import { region } from "../../protocol/account.ts";
import { parseInputs } from "../inputs.ts";
import { physicalName } from "../names.ts";
import type { Creators } from "../resource.ts";

const notification = z.strictObject({ bucket: z.string(), eventbridge: z.boolean().default(false) });

export const s3Creators: Creators = {
  async "aws:s3/bucket:Bucket"({ name, inputs }, { s3 }) {
    const bucket = physicalName(inputs.bucket, name);
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    return { id: bucket, outputs: { bucket, arn: `arn:aws:s3:::${bucket}`, region } };
  },

  async "aws:s3/bucketNotification:BucketNotification"({ inputs }, { s3 }) {
    const { bucket, eventbridge } = parseInputs(notification, inputs);
    const NotificationConfiguration = eventbridge ? { EventBridgeConfiguration: {} } : {};
    await s3.send(
      new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration }),
    );
    return { id: bucket };
  },
};
