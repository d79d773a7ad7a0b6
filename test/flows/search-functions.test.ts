import { randomUUID } from "node:crypto";
import { requestSigner } from "../../cli/request-signer.ts";
import { SearchClient } from "../../cli/search-client.ts";
import { shardOf } from "../../core/documents/shards.ts";
import { readSecret } from "../../core/settings/secret.ts";
import { eventually } from "./eventually.ts";
import { keysOf, put } from "./receipt-items.ts";
import { ocrFiles } from "./receipt-rows.ts";
import { RunningStack } from "./running-stack.ts";
import { completed, planned, send } from "./sending.ts";

jest.setTimeout(300_000);

const shops = ["MILL BAKERY", "NORTH PHARMACY"];
const receipts = ["lines-1of2", "lines-2of2"].map((shard, n) =>
  ocrFiles([shops[n] ?? "", `ITEM ${n} 4.10`, "TOTAL 4.10"], imageOf(shard)),
);
let stack: RunningStack;

function imageOf(shard: string): string {
  for (;;) {
    const imageId = randomUUID();
    if (shardOf("lines", imageId, 2) === shard) return imageId;
  }
}

async function ask(path: string, request: RequestInit = {}): Promise<Response> {
  return fetch(`${stack.outputs.searchUrl}${path}`, request);
}

beforeAll(async () => {
  stack = await RunningStack.start({
    "query:host": "lambda",
    "query:authorization": "key-and-iam",
    "compaction:collectionShards": "2",
  });
});

afterAll(async () => {
  await stack?.stop();
});

test("before anything is published a search says so", async () => {
  await expect(stack.search("total")).rejects.toThrow(/Nothing is published/);
});

test("a search by functions finds rows of every shard, and shows a change that is published later", async () => {
  await send(stack, ...receipts);
  for (const files of receipts) await completed(stack, files);
  await eventually(60, async () => {
    const { hits, generations } = await stack.search("total", "--k", "10");
    expect(Object.keys(generations).sort()).toEqual(["lines-1of2", "lines-2of2"]);
    expect(new Set(hits.map(({ image_id }) => image_id))).toEqual(
      new Set(receipts.map(({ imageId }) => imageId)),
    );
  });
  const asked = await stack.search("how much did I pay at North Pharmacy");
  expect(asked.understood).toEqual({ kinds: ["total"], merchant: "North Pharmacy" });
  expect(asked.hits[0]).toMatchObject({ image_id: receipts[1]?.imageId, row: { text: "TOTAL 4.10" } });
  const [first] = receipts;
  if (first === undefined) throw new Error("There is a first receipt.");
  await put(stack, keysOf(first).metadata, { canonical_merchant_name: "Windmill" });
  await eventually(60, async () => {
    const { hits } = await stack.search("total", "--merchant", "Windmill");
    expect(hits.map(({ image_id }) => image_id)).toContain(first.imageId);
  });
});

test("neighbours of a vector come from every shard, with the labels of their words", async () => {
  const [first, second] = receipts.map((files) => planned(files).lines.at(-1)?.id ?? "");
  Object.assign(process.env, stack.environment);
  const client = await SearchClient.of(stack.outputs);
  const { of, hits } = await client.like(first ?? "", 1);
  expect(of).toMatchObject({ id: first, text: "TOTAL 4.10" });
  expect(hits.map(({ id }) => id)).toEqual([second]);
});

test("a signed caller reads how far a receipt has come", async () => {
  Object.assign(process.env, stack.environment);
  const apiKey = await readSecret(stack.outputs.searchApiKeySecret ?? "", "query:apiKey");
  const statusOf = async (imageId: string) => {
    const url = new URL(`${stack.outputs.searchUrl}/runs/${imageId}/1`);
    const own = { "x-api-key": apiKey };
    const headers = await requestSigner()({ method: "GET", url, headers: own, body: undefined });
    const answer = await fetch(url, { headers });
    return [answer.status, await answer.json()];
  };
  const [{ imageId } = { imageId: "" }] = receipts;
  const half = { state: "COMPLETED" };
  expect(await statusOf(imageId)).toEqual([
    200,
    expect.objectContaining({ image_id: imageId, receipt_id: 1, ...half, lines: half, words: half }),
  ]);
  expect(await statusOf(randomUUID())).toEqual([
    404,
    { error: expect.objectContaining({ code: "not_found" }) },
  ]);
  expect((await ask(`/runs/${imageId}/1`)).status).toBe(403);
});

test("a request without the key, one that is not signed, or one that does not fit, is refused", async () => {
  const body = JSON.stringify({ text: "total" });
  Object.assign(process.env, stack.environment);
  const apiKey = await readSecret(stack.outputs.searchApiKeySecret ?? "", "query:apiKey");
  for (const headers of [undefined, { "x-api-key": apiKey }]) {
    const answer = await ask("/search", { method: "POST", body, ...(headers && { headers }) });
    expect([answer.status, await answer.json()]).toEqual([403, { message: "Missing Authentication Token" }]);
  }
  const client = await SearchClient.of(stack.outputs);
  await expect(client.ask({ text: "total", k: 0 })).rejects.toThrow(/400.*\n.*k:/);
  await expect(client.like(`IMAGE#${randomUUID()}#RECEIPT#00001#LINE#00001`, 1)).rejects.toThrow(/404/);
});

test("the functions did what their roles allow, and nothing failed", async () => {
  expect(await stack.problems()).toEqual([]);
});
