import { type Deployment, ofType } from "./support/deploy.ts";
import { deployStack } from "./support/stacks.ts";

let prod: Deployment;

beforeAll(async () => {
  prod = await deployStack("prod");
});

test("every bucket is encrypted, closed to the public and to plain HTTP", () => {
  const of = (kind: string) => [...ofType(prod, `aws:s3/bucket${kind}:Bucket${kind}`).values()];
  const buckets = [...ofType(prod, "aws:s3/bucket:Bucket").keys()].map((name) => `${name}-id`);
  expect(buckets).toHaveLength(3);
  expect(
    of("ServerSideEncryptionConfiguration")
      .map(({ bucket }) => bucket)
      .sort(),
  ).toEqual(buckets.sort());
  expect(of("PublicAccessBlock")).toEqual(
    expect.arrayContaining(
      buckets.map((bucket) => ({
        bucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      })),
    ),
  );
  for (const { policy } of of("Policy")) {
    expect(JSON.parse(String(policy)).Statement).toEqual([
      expect.objectContaining({
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      }),
    ]);
  }
});

test("abandoned uploads and old rejected rows go; deltas stay", () => {
  const rules = ofType(prod, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration");
  expect(rules.get("vectorkeep-prod-deltas")?.rules).toEqual([
    expect.objectContaining({
      filter: { prefix: "" },
      abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
    }),
    expect.objectContaining({
      filter: { prefix: "" },
      noncurrentVersionExpiration: { noncurrentDays: 30 },
      expiration: { expiredObjectDeleteMarker: true },
    }),
    expect.objectContaining({ filter: { prefix: "rejected/" }, expiration: { days: 90 } }),
  ]);
});

test("F38: rows and deltas keep their former versions, and the file system is backed up", () => {
  const versioned = ofType(prod, "aws:s3/bucketVersioning:BucketVersioning");
  expect([...versioned.keys()].sort()).toEqual(["vectorkeep-prod-artifacts", "vectorkeep-prod-deltas"]);
  for (const { versioningConfiguration } of versioned.values()) {
    expect(versioningConfiguration).toEqual({ status: "Enabled" });
  }
  expect(ofType(prod, "aws:efs/backupPolicy:BackupPolicy").get("vectorkeep-prod-collections")).toEqual({
    fileSystemId: "vectorkeep-prod-collections-id",
    backupPolicy: { status: "ENABLED" },
  });
});

test("tables are encrypted and restorable; the receipts table publishes old and new images", () => {
  const tables = ofType(prod, "aws:dynamodb/table:Table");
  for (const table of tables.values()) {
    expect(table).toMatchObject({
      hashKey: "PK",
      rangeKey: "SK",
      billingMode: "PAY_PER_REQUEST",
      serverSideEncryption: { enabled: true },
      pointInTimeRecovery: { enabled: true },
    });
  }
  expect(tables.get("vectorkeep-prod-receipts")).toMatchObject({
    streamEnabled: true,
    streamViewType: "NEW_AND_OLD_IMAGES",
  });
  expect(tables.get("vectorkeep-prod-control")?.streamEnabled).toBeUndefined();
  expect(tables.get("vectorkeep-prod-control")?.ttl).toEqual({ attributeName: "expires_at", enabled: true });
  expect(tables.get("vectorkeep-prod-receipts")?.ttl).toBeUndefined();
});

test("the file system is encrypted, and the functions see it through an access point", () => {
  expect(ofType(prod, "aws:efs/fileSystem:FileSystem").get("vectorkeep-prod-collections")?.encrypted).toBe(
    true,
  );
  const compaction = ofType(prod, "aws:lambda/function:Function").get("vectorkeep-prod-compaction");
  expect(compaction?.fileSystemConfig).toEqual({
    arn: "arn:efs:vectorkeep-prod-collections",
    localMountPath: "/mnt/collections",
  });
  expect(compaction?.environment).toMatchObject({ variables: { COLLECTIONS_PATH: "/mnt/collections" } });
});

test("a production stack refuses to lose its data, and a development stack can be thrown away", async () => {
  const keeps = (stack: Deployment) => ({
    tables: [...ofType(stack, "aws:dynamodb/table:Table").values()].map(
      (table) => table.deletionProtectionEnabled,
    ),
    buckets: [...ofType(stack, "aws:s3/bucket:Bucket").values()].map((bucket) => !bucket.forceDestroy),
  });
  expect(keeps(prod)).toEqual({ tables: [true, true], buckets: [true, true, true] });
  expect(keeps(await deployStack("dev"))).toEqual({ tables: [false, false], buckets: [false, false, false] });
});
