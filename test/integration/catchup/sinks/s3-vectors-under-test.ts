import {
  CreateVectorBucketCommand,
  ListVectorsCommand,
  NotFoundException,
  S3VectorsClient,
} from "@aws-sdk/client-s3vectors";
import { namespaceSlug } from "../../../../core/catchup/index/namespace-slug.ts";
import { S3VectorsSink } from "../../../../core/catchup/index/s3-vectors/s3-vectors-sink.ts";
import { startLocalServices } from "../../../conformance/local-services.ts";
import type { HeldVector, SinkUnderTest } from "./sink-contract.ts";

const vectorBucketName = "records";
const nobody = "nobody-key";

export async function s3VectorsUnderTest(): Promise<SinkUnderTest> {
  const services = await startLocalServices([{ name: "nobody", accessKeyId: nobody, policies: [] }]);
  const client = new S3VectorsClient(services.client());
  const denied = new S3VectorsClient(services.client(nobody));
  const nowhere = new S3VectorsClient({ ...services.client(), endpoint: "http://127.0.0.1:1" });
  await client.send(new CreateVectorBucketCommand({ vectorBucketName }));
  const sinkOf = (own: S3VectorsClient, ms = 20_000) =>
    new S3VectorsSink({ client: own, bucketName: vectorBucketName, giveUpAt: () => Date.now() + ms });
  return {
    sink: sinkOf(client),
    refused: sinkOf(denied),
    unreachable: sinkOf(nowhere, 0),
    held: (namespace) => heldIn(client, vectorBucketName, namespace),
    async stop() {
      for (const one of [client, denied, nowhere]) one.destroy();
      await services.stop();
    },
  };
}

/** Nothing of a namespace without an index. */
export async function heldIn(
  client: S3VectorsClient,
  bucket: string,
  namespace: string,
): Promise<Map<string, HeldVector>> {
  const place = { vectorBucketName: bucket, indexName: namespaceSlug(namespace) };
  const held = new Map<string, HeldVector>();
  for (let nextToken: string | undefined, isFirst = true; isFirst || nextToken; isFirst = false) {
    const list = new ListVectorsCommand({ ...place, nextToken, returnData: true, returnMetadata: true });
    const page = await client.send(list).catch((error: Error) => {
      if (error instanceof NotFoundException) return { vectors: [], nextToken: undefined };
      throw error;
    });
    for (const { key = "", data, metadata } of page.vectors ?? []) {
      held.set(key, { values: data?.float32 ?? [], metadata: (metadata ?? {}) as HeldVector["metadata"] });
    }
    nextToken = page.nextToken;
  }
  return held;
}
