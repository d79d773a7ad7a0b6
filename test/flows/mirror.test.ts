import { randomUUID } from "node:crypto";
import { DeleteVectorsCommand, ListVectorsCommand, S3VectorsClient } from "@aws-sdk/client-s3vectors";
import { eventually } from "./eventually.ts";
import { keysOf, put } from "./receipt-items.ts";
import { ocrFiles } from "./receipt-rows.ts";
import { RunningStack } from "./running-stack.ts";
import { completed, send } from "./sending.ts";

jest.setTimeout(600_000);

/** A schedule mirrors once per minute. */
const seconds = 180;
const bakery = ocrFiles(["MILL BAKERY", "RYE BREAD 4.10", "TOTAL 4.10"], randomUUID());
const pharmacy = ocrFiles(["NORTH PHARMACY", "PLASTERS 3.20", "TOTAL 3.20"], randomUUID());
let stack: RunningStack;

beforeAll(async () => {
  stack = await RunningStack.start({
    "query:host": "lambda",
    "collections:mirror": "s3vectors",
    "query:backend": "s3vectors",
  });
});
afterAll(() => stack?.stop());

test("searches are answered from the mirror, which follows what is published", async () => {
  await expect(stack.search("total")).rejects.toThrow(/Nothing is published/);
  await send(stack, bakery, pharmacy);
  for (const files of [bakery, pharmacy]) await completed(stack, files);
  await eventually(seconds, async () => {
    const answer = await stack.search("total", "--k", "10");
    expect(answer).toMatchObject({ backend: "s3vectors", generations: { lines: expect.any(Number) } });
    const found = new Set(answer.hits.map(({ image_id }) => image_id));
    expect(found).toEqual(new Set([bakery.imageId, pharmacy.imageId]));
  });
  await put(stack, keysOf(bakery).metadata, { canonical_merchant_name: "Windmill" });
  await eventually(seconds, async () => {
    const { hits } = await stack.search("bread", "--merchant", "Windmill");
    expect(hits[0]).toMatchObject({ image_id: bakery.imageId, merchant: "Windmill" });
  });
  await expect(stack.search("total", "--mode", "hybrid")).rejects.toThrow(/only mode dense/);
});

test("verify names what differs in the mirror, and repairs it", async () => {
  const clean = await stack.command("verify", "--mirror");
  expect(clean).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("The mirror equals what is published."),
  });
  Object.assign(process.env, stack.environment);
  const vectors = new S3VectorsClient({});
  const place = { vectorBucketName: stack.outputs.mirror?.bucket, indexName: "lines-512" };
  const { vectors: [first] = [] } = await vectors.send(new ListVectorsCommand(place));
  await vectors.send(new DeleteVectorsCommand({ ...place, keys: [first?.key ?? ""] }));
  const differs = await stack.command("verify", "--mirror");
  expect(differs.code).toBe(1);
  expect(differs.stdout).toContain(`missing ${first?.key}`);
  const repaired = await stack.command("verify", "--mirror", "--repair");
  expect(repaired).toMatchObject({ code: 0 });
  vectors.destroy();
});
