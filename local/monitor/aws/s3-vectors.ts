import { CreateIndexCommand, CreateVectorBucketCommand } from "@aws-sdk/client-s3vectors";
import { z } from "zod";
import { parseInputs } from "../inputs.ts";
import type { Creators } from "../resource.ts";

const bucket = z.strictObject({
  vectorBucketName: z.string(),
  forceDestroy: z.boolean().default(false),
  encryptionConfigurations: z.array(z.object({ sseType: z.literal("AES256") })).default([]),
});

const index = z.strictObject({
  vectorBucketName: z.string(),
  indexName: z.string(),
  dataType: z.literal("float32"),
  dimension: z.int(),
  distanceMetric: z.enum(["cosine", "euclidean"]),
  metadataConfiguration: z.strictObject({ nonFilterableMetadataKeys: z.array(z.string()) }),
});

export const s3VectorsCreators: Creators = {
  async "aws:s3/vectorsVectorBucket:VectorsVectorBucket"({ inputs }, { s3Vectors }) {
    const { vectorBucketName } = parseInputs(bucket, inputs);
    const { vectorBucketArn } = await s3Vectors.send(new CreateVectorBucketCommand({ vectorBucketName }));
    return { id: vectorBucketName, outputs: { vectorBucketArn } };
  },
  async "aws:s3/vectorsIndex:VectorsIndex"({ inputs }, { s3Vectors }) {
    const { indexArn } = await s3Vectors.send(new CreateIndexCommand(parseInputs(index, inputs)));
    return { id: indexArn ?? "", outputs: { indexArn } };
  },
};
