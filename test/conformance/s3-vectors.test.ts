import {
  CreateIndexCommand,
  type CreateIndexCommandInput,
  CreateVectorBucketCommand,
  DeleteVectorsCommand,
  GetIndexCommand,
  GetVectorBucketCommand,
  GetVectorsCommand,
  ListIndexesCommand,
  ListVectorBucketsCommand,
  ListVectorsCommand,
  PutVectorsCommand,
  QueryVectorsCommand,
  S3VectorsClient,
} from "@aws-sdk/client-s3vectors";
import { type LocalServices, startLocalServices } from "./local-services.ts";

const reader = "reader-key";
const bucketArn = "arn:aws:s3vectors:us-east-1:000000000000:bucket/records";
const vectorBucketName = "records";

let services: LocalServices;
let vectors: S3VectorsClient;
let indexes = 0;

beforeAll(async () => {
  const Statement = [{ Effect: "Allow", Action: "s3vectors:QueryVectors", Resource: `${bucketArn}/index/*` }];
  services = await startLocalServices([
    { name: "reader", accessKeyId: reader, policies: [{ Version: "2012-10-17", Statement }] },
  ]);
  vectors = new S3VectorsClient(services.client());
  await vectors.send(new CreateVectorBucketCommand({ vectorBucketName }));
});
afterAll(async () => {
  vectors.destroy();
  await services.stop();
});

async function newIndex(more: Partial<CreateIndexCommandInput> = {}) {
  indexes += 1;
  const place = { vectorBucketName, indexName: `index-${indexes}` };
  await vectors.send(
    new CreateIndexCommand({
      ...place,
      dataType: "float32",
      dimension: 2,
      distanceMetric: "cosine",
      metadataConfiguration: { nonFilterableMetadataKeys: ["text"] },
      ...more,
    }),
  );
  return place;
}

type Metadata = Record<string, string | number | boolean>;

function put(place: { indexName: string }, all: Record<string, readonly [number[], Metadata?]>) {
  const input = Object.entries(all).map(([key, [float32, metadata]]) => ({
    key,
    data: { float32 },
    ...(metadata && { metadata }),
  }));
  return vectors.send(new PutVectorsCommand({ vectorBucketName, ...place, vectors: input }));
}

const refused = (name: string) => expect.objectContaining({ name });

test("a bucket and an index are described as they were created, and cannot be created twice", async () => {
  const { vectorBucket } = await vectors.send(new GetVectorBucketCommand({ vectorBucketName }));
  expect(vectorBucket).toMatchObject({ vectorBucketArn: bucketArn, creationTime: expect.any(Date) });
  const place = await newIndex();
  const { index } = await vectors.send(new GetIndexCommand(place));
  expect(index).toMatchObject({
    ...place,
    indexArn: `${bucketArn}/index/${place.indexName}`,
    dimension: 2,
    dataType: "float32",
    distanceMetric: "cosine",
    metadataConfiguration: { nonFilterableMetadataKeys: ["text"] },
  });
  const { index: byArn } = await vectors.send(new GetIndexCommand({ indexArn: index?.indexArn }));
  expect(byArn).toEqual(index);
  await expect(newIndex({ indexName: place.indexName })).rejects.toEqual(refused("ConflictException"));
  const again = vectors.send(new CreateVectorBucketCommand({ vectorBucketName }));
  await expect(again).rejects.toEqual(refused("ConflictException"));
});

test("buckets and indexes are listed by pages and prefixes", async () => {
  const { vectorBuckets } = await vectors.send(new ListVectorBucketsCommand({ prefix: "rec" }));
  expect(vectorBuckets?.map((one) => one.vectorBucketName)).toEqual(["records"]);
  for (const name of ["page-a", "page-b", "page-c"]) await newIndex({ indexName: name });
  const list = { vectorBucketName, prefix: "page-", maxResults: 2 };
  const first = await vectors.send(new ListIndexesCommand(list));
  const last = await vectors.send(new ListIndexesCommand({ ...list, nextToken: first.nextToken }));
  expect([...(first.indexes ?? []), ...(last.indexes ?? [])].map((one) => one.indexName)).toEqual([
    "page-a",
    "page-b",
    "page-c",
  ]);
  expect(last.nextToken).toBeUndefined();
});

test("vectors are got with what is asked for, replaced whole, listed by segments, and deleted", async () => {
  const place = await newIndex();
  await put(place, { a: [[1, 0.5], { text: "one", n: 1 }], b: [[0, 1]] });
  await put(place, { a: [[0.25, 0], { text: "two" }] });
  const get = { ...place, keys: ["a", "none"] };
  expect((await vectors.send(new GetVectorsCommand(get))).vectors).toEqual([{ key: "a" }]);
  const full = await vectors.send(new GetVectorsCommand({ ...get, returnData: true, returnMetadata: true }));
  expect(full.vectors).toEqual([{ key: "a", data: { float32: [0.25, 0] }, metadata: { text: "two" } }]);
  const segments = [0, 1].map((segmentIndex) =>
    vectors.send(new ListVectorsCommand({ ...place, segmentCount: 2, segmentIndex })),
  );
  const listed = (await Promise.all(segments)).flatMap((page) => page.vectors ?? []);
  expect(listed.map(({ key }) => key).sort()).toEqual(["a", "b"]);
  await vectors.send(new DeleteVectorsCommand({ ...place, keys: ["a", "none"] }));
  expect((await vectors.send(new ListVectorsCommand(place))).vectors).toEqual([{ key: "b" }]);
});

test("a query finds the nearest by cosine, within a filter, with distance and metadata on request", async () => {
  const place = await newIndex();
  await put(place, {
    right: [[1, 0], { kind: "a", text: "r" }],
    up: [[0, 2], { kind: "a" }],
    near: [[1, 0.1], { kind: "b", n: 3 }],
  });
  const query = { ...place, topK: 2, queryVector: { float32: [2, 0] } };
  const { vectors: found, distanceMetric } = await vectors.send(
    new QueryVectorsCommand({ ...query, returnDistance: true }),
  );
  expect(distanceMetric).toBe("cosine");
  expect(found?.map(({ key }) => key)).toEqual(["right", "near"]);
  expect(found?.[0]?.distance).toBeCloseTo(0, 6);
  const filtered = await vectors.send(
    new QueryVectorsCommand({
      ...query,
      filter: { $and: [{ kind: "b" }, { n: { $gt: 2 } }] },
      returnMetadata: true,
    }),
  );
  expect(filtered.vectors).toEqual([{ key: "near", metadata: { kind: "b", n: 3 } }]);
  const byText = vectors.send(new QueryVectorsCommand({ ...query, filter: { text: "r" } }));
  await expect(byText).rejects.toThrow("The metadata text is not filterable");
});

test("by euclidean distance a vector of zeros is one like any other", async () => {
  const place = await newIndex({ distanceMetric: "euclidean" });
  await put(place, { zero: [[0, 0]], far: [[3, 4]] });
  const query = { ...place, topK: 1, queryVector: { float32: [0.1, 0] } };
  const { vectors: found } = await vectors.send(new QueryVectorsCommand(query));
  expect(found).toEqual([{ key: "zero" }]);
});

test.each<[string, Record<string, readonly [number[], Metadata?]>]>([
  ["a vector of another dimension", { a: [[1, 0]], b: [[1, 2, 3]] }],
  ["NaN", { a: [[1, 0]], b: [[Number.NaN, 1]] }],
  ["an infinity", { b: [[Number.POSITIVE_INFINITY, 1]] }],
  ["a number that no float32 holds", { b: [[1e39, 1]] }],
  ["a vector of zeros under cosine", { a: [[1, 0]], b: [[0, 0]] }],
  ["more than 2 KB of filterable metadata", { b: [[1, 0], { note: "x".repeat(2_048) }] }],
  ["more than 40 KB of metadata", { b: [[1, 0], { text: "x".repeat(40_960) }] }],
  [
    "more than 50 keys of metadata",
    { b: [[1, 0], Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 1]))] },
  ],
  ["a key of 1,025 characters", { ["k".repeat(1_025)]: [[1, 0]] }],
  ["501 vectors", Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`k${n}`, [[1, 0]]] as const))],
])("a put with %s is refused as a whole", async (_, all) => {
  const place = await newIndex();
  await expect(put(place, all as never)).rejects.toEqual(refused("ValidationException"));
  expect((await vectors.send(new ListVectorsCommand(place))).vectors).toEqual([]);
});

test("40 KB that are not filterable, with 50 keys, are taken", async () => {
  const place = await newIndex();
  const keys = Object.fromEntries(Array.from({ length: 49 }, (_, n) => [`k${n}`, 1]));
  await put(place, { a: [[1, 0], { ...keys, text: "x".repeat(40_000) }] });
  expect((await vectors.send(new ListVectorsCommand(place))).vectors).toHaveLength(1);
});

test("what is missing is not found: the bucket, the index", async () => {
  const noBucket = vectors.send(new GetVectorBucketCommand({ vectorBucketName: "none" }));
  await expect(noBucket).rejects.toThrow("The specified vector bucket could not be found");
  const noIndex = put({ indexName: "none" }, { a: [[1, 0]] });
  await expect(noIndex).rejects.toThrow("The specified index could not be found");
});

test("an index takes 2,500 vectors per second, and refuses more without a trace", async () => {
  const place = await newIndex();
  const batch = (from: number) =>
    Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${from + n}`, [[1, n]]] as const));
  const puts = Array.from({ length: 30 }, (_, at) => put(place, batch(at * 500) as never));
  const ended = await Promise.allSettled(puts);
  const failures = ended.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  expect(failures.length).toBeGreaterThan(0);
  for (const failure of failures) {
    expect(failure).toMatchObject({ name: "TooManyRequestsException", $metadata: { httpStatusCode: 429 } });
  }
  let held = 0;
  for (let nextToken: string | undefined, isFirst = true; isFirst || nextToken; isFirst = false) {
    const page = await vectors.send(new ListVectorsCommand({ ...place, nextToken, maxResults: 1_000 }));
    held += page.vectors?.length ?? 0;
    nextToken = page.nextToken;
  }
  expect(held).toBe((puts.length - failures.length) * 500);
});

test("a permission is one on the index, and metadata that come with a query are another", async () => {
  const place = await newIndex();
  const own = new S3VectorsClient(services.client(reader));
  const query = { ...place, topK: 1, queryVector: { float32: [1, 0] } };
  expect((await own.send(new QueryVectorsCommand(query))).vectors).toEqual([]);
  await expect(own.send(new QueryVectorsCommand({ ...query, returnMetadata: true }))).rejects.toThrow(
    new RegExp(
      `not authorized to perform: s3vectors:GetVectors on resource: ${bucketArn}/index/${place.indexName}`,
    ),
  );
  await expect(own.send(new GetVectorBucketCommand({ vectorBucketName }))).rejects.toEqual(
    refused("AccessDeniedException"),
  );
  own.destroy();
});
