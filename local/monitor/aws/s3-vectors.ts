import { CreateVectorBucketCommand } from "@aws-sdk/client-s3vectors";
import { z } from "zod";
import { parseInputs } from "../inputs.ts";
import type { Creators } from "../resource.ts";

const bucket = z.strictObject({
  vectorBucketName: z.string(),
  forceDestroy: z.boolean().default(false),
  encryptionConfigurations: z.array(z.object({ sseType: z.literal("AES256") })).default([]),
});

export const s3VectorsCreators: Creators = {
  async "aws:s3/vectorsVectorBucket:VectorsVectorBucket"({ inputs }, { s3Vectors }) {
    const { vectorBucketName } = parseInputs(bucket, inputs);
    const { vectorBucketArn } = await s3Vectors.send(new CreateVectorBucketCommand({ vectorBucketName }));
    return { id: vectorBucketName, outputs: { vectorBucketArn } };
  },
};
