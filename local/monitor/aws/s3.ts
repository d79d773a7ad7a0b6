import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { region } from "../../protocol/account.ts";
import { physicalName } from "../names.ts";
import type { Creators } from "../resource.ts";

export const s3Creators: Creators = {
  async "aws:s3/bucket:Bucket"({ name, inputs }, { s3 }) {
    const bucket = physicalName(inputs.bucket, name);
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    return { id: bucket, outputs: { bucket, arn: `arn:aws:s3:::${bucket}`, region } };
  },
};
