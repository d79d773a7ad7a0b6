import { type Index, Pinecone, type RecordMetadata } from "@pinecone-database/pinecone";
import type { LoopbackServer } from "../../local/loopback-server.ts";
import { startPineconeServer } from "../../local/pinecone/server.ts";
import { VectorIndex } from "../../local/pinecone/vector-index.ts";

let server: LoopbackServer;
let pinecone: Pinecone;
let lastNamespace = 0;

beforeAll(async () => {
  server = await startPineconeServer({ port: 0, indexes: [{ name: "texts", dimension: 3 }] });
  pinecone = new Pinecone({ apiKey: "any", controllerHostUrl: server.url, maxRetries: 0 });
});

afterAll(() => server.close());

/** A namespace of its own of the index `texts`. */
function fresh(): Index<RecordMetadata> {
  lastNamespace += 1;
  return pinecone.index({ name: "texts", namespace: `n${lastNamespace}` });
}

const record = (id: string, values: number[], metadata?: RecordMetadata) => ({
  id,
  values,
  ...(metadata && { metadata }),
});

/** What the official client makes of a refusal. */
function refusal(message: RegExp) {
  return { name: "PineconeBadRequestError", message: expect.stringMatching(message) };
}

describe("the control plane", () => {
  const deployment = { deploymentType: "managed", cloud: "aws", region: "us-east-1" } as const;
  const schema = { fields: { _values: { type: "dense_vector", dimension: 2, metric: "cosine" } } } as const;

  test("creates, describes, lists and deletes an index for the official client", async () => {
    await pinecone.indexes.create({ name: "short-lived", schema, deployment, waitUntilReady: true });
    const described = await pinecone.indexes.describe("short-lived");
    expect(described).toMatchObject({
      name: "short-lived",
      host: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/),
      status: { ready: true },
    });
    expect([described.dimension, described.metric]).toEqual([2, "cosine"]);
    expect((await pinecone.indexes.list()).indexes?.map(({ name }) => name)).toEqual([
      "texts",
      "short-lived",
    ]);
    const index = pinecone.index({ host: described.host });
    await index.upsert({ records: [record("a", [1, 0])] });
    expect((await index.describeIndexStats()).totalRecordCount).toBe(1);
    await pinecone.indexes.delete("short-lived");
    await expect(pinecone.indexes.describe("short-lived")).rejects.toMatchObject({
      name: "PineconeNotFoundError",
    });
  });

  test("refuses a name that is taken, and one that Pinecone does not allow", async () => {
    await expect(pinecone.indexes.create({ name: "texts", schema, deployment })).rejects.toMatchObject({
      name: "PineconeConflictError",
    });
    await expect(pinecone.indexes.create({ name: "Not_This", schema, deployment })).rejects.toMatchObject(
      refusal(/name/),
    );
  });

  test("refuses a request without a key", async () => {
    expect((await fetch(`${server.url}/indexes`)).status).toBe(401);
  });

  test("names the operations that it does not support", async () => {
    const answer = await fetch(`${server.url}/collections`, { headers: { "api-key": "any" } });
    expect(answer.status).toBe(501);
    expect(await answer.text()).toMatch(/does not have GET \/collections/);
  });
});

describe("records", () => {
  test("are returned as they were upserted, and a second upsert replaces the first", async () => {
    const index = fresh();
    const metadata = { title: "Ünï", count: 3, paid: true, tags: ["a", "b"] };
    await index.upsert({ records: [record("1.a", [1, 0, 0]), record("1.b", [0, 1, 0], metadata)] });
    await index.upsert({ records: [record("1.a", [0.5, 0.25, 0], { title: "new" })] });
    const { records } = await index.fetch({ ids: ["1.a", "1.b", "1.c"] });
    expect(records).toEqual({
      "1.a": { id: "1.a", values: [0.5, 0.25, 0], metadata: { title: "new" } },
      "1.b": { id: "1.b", values: [0, 1, 0], metadata },
    });
  });

  test("are found by cosine similarity, the nearest first", async () => {
    const index = fresh();
    await index.upsert({
      records: [
        record("same", [2, 0, 0], { kind: "x" }),
        record("near", [1, 1, 0], { kind: "y" }),
        record("opposite", [-1, 0, 0], { kind: "x" }),
      ],
    });
    const { matches } = await index.query({ vector: [1, 0, 0], topK: 2, includeMetadata: true });
    expect(matches.map(({ id }) => id)).toEqual(["same", "near"]);
    expect(matches.map(({ score }) => score)).toEqual([expect.closeTo(1), expect.closeTo(Math.SQRT1_2)]);
    expect(matches[0]).toMatchObject({ values: [], metadata: { kind: "x" } });
    const byId = await index.query({ id: "opposite", topK: 1, includeValues: true });
    expect(byId.matches[0]).toMatchObject({ id: "opposite", values: [-1, 0, 0] });
    expect(byId.matches[0]?.metadata).toBeUndefined();
  });

  test.each([
    [{ kind: "x" }, ["1", "3"]],
    [{ kind: { $eq: "y" } }, ["2"]],
    [{ kind: { $in: ["y", "z"] } }, ["2"]],
    [{ tags: "red" }, ["1", "2"]],
    [{ tags: { $in: ["blue"] } }, ["2"]],
    [{ $and: [{ kind: "x" }, { size: { $gte: 5 } }] }, ["3"]],
    [{ $or: [{ size: { $lt: 2 } }, { size: { $gt: 4 } }] }, ["1", "3"]],
    [{ kind: { $ne: "x" }, size: { $lte: 3 } }, ["2"]],
    [{ tags: { $exists: false } }, ["3"]],
    [{ kind: { $nin: ["x"] } }, ["2"]],
  ])("are filtered by metadata: %j", async (filter, ids) => {
    const index = fresh();
    await index.upsert({
      records: [
        record("1", [1, 0, 0], { kind: "x", size: 1, tags: ["red"] }),
        record("2", [1, 0, 0], { kind: "y", size: 3, tags: ["red", "blue"] }),
        record("3", [1, 0, 0], { kind: "x", size: 5 }),
      ],
    });
    const { matches } = await index.query({ vector: [1, 0, 0], topK: 10, filter });
    expect(matches.map(({ id }) => id).sort()).toEqual(ids);
  });

  test("are listed by prefix, page by page", async () => {
    const index = fresh();
    const ids = Array.from({ length: 250 }, (_, n) => `7.${String(n).padStart(3, "0")}`);
    await index.upsert({ records: [...ids, "8.000"].map((id) => record(id, [1, 0, 0])) });
    const listed: (string | undefined)[] = [];
    let paginationToken: string | undefined;
    do {
      const page = await index.listPaginated({ prefix: "7.", ...(paginationToken && { paginationToken }) });
      expect(page.vectors?.length).toBeLessThanOrEqual(100);
      listed.push(...(page.vectors ?? []).map(({ id }) => id));
      paginationToken = page.pagination?.next;
    } while (paginationToken !== undefined);
    expect(listed).toEqual(ids);
  });

  test("are updated in part, and an update of a missing one changes nothing", async () => {
    const index = fresh();
    await index.upsert({ records: [record("1", [1, 0, 0], { kept: "a", changed: "b" })] });
    await index.update({ id: "1", metadata: { changed: "c" } });
    await index.update({ id: "2", values: [1, 1, 1] });
    expect((await index.fetch({ ids: ["1", "2"] })).records).toEqual({
      "1": { id: "1", values: [1, 0, 0], metadata: { kept: "a", changed: "c" } },
    });
  });

  test("are deleted by id, by filter and all at once; a namespace that is not there is a 404", async () => {
    const index = fresh();
    const put = () =>
      index.upsert({ records: ["1", "2", "3", "4"].map((id) => record(id, [1, 0, 0], { id })) });
    const left = async () => (await index.listPaginated()).vectors?.map(({ id }) => id);
    await put();
    await index.deleteOne({ id: "1" });
    await index.deleteMany({ ids: ["2", "absent"] });
    expect(await left()).toEqual(["3", "4"]);
    await index.deleteMany({ filter: { id: "3" } });
    expect(await left()).toEqual(["4"]);
    await index.deleteAll();
    expect(await left()).toEqual([]);
    await expect(index.deleteAll()).rejects.toMatchObject({ name: "PineconeNotFoundError" });
  });

  test("are counted by namespace; an absent namespace is __default__", async () => {
    const { host } = await pinecone.indexes.create({
      name: "counted",
      schema: { fields: { _values: { type: "dense_vector", dimension: 2, metric: "dotproduct" } } },
      deployment: { deploymentType: "managed", cloud: "aws", region: "us-east-1" },
    });
    const index = pinecone.index({ host });
    await index.upsert({ records: [record("1", [1, 0])] });
    await index.upsert({ records: [record("2", [1, 0])], namespace: "__default__" });
    await index.upsert({ records: [record("1", [1, 0])], namespace: "v2" });
    expect(await index.describeIndexStats()).toMatchObject({
      namespaces: { __default__: { recordCount: 2 }, v2: { recordCount: 1 } },
      dimension: 2,
      totalRecordCount: 3,
    });
  });
});

describe("an upsert is refused as a whole", () => {
  const good = record("good", [1, 0, 0]);
  const wrong = (metadata: object) => record("wrong", [1, 0, 0], metadata as RecordMetadata);

  test.each([
    [
      "with another dimension",
      record("wrong", [1, 0]),
      /Vector dimension 2 does not match the dimension of the index 3/,
    ],
    ["with zeros alone", record("wrong", [0, 0, 0]), /non-zero/],
    [
      "with a null in its metadata",
      wrong({ a: null }),
      /string, number, boolean or list of strings, got 'null' for field 'a'/,
    ],
    [
      "with NaN in its metadata, which JSON turns into null",
      wrong({ a: Number.NaN }),
      /got 'null' for field 'a'/,
    ],
    ["with an object in its metadata", wrong({ a: { b: 1 } }), /for field 'a'/],
    ["with a list of numbers in its metadata", wrong({ a: [1, 2] }), /got '\[1,2\]' for field 'a'/],
    [
      "with more than 40 KB of metadata",
      wrong({ a: "x".repeat(41_000) }),
      /Metadata size is 41008 bytes.*40960/,
    ],
    ["with an id of more than 512 bytes", record("x".repeat(513), [1, 0, 0]), /512/],
    ["with an id that is not ASCII", record("é", [1, 0, 0]), /Vector ID must be ASCII, but got 'é'/],
  ])("for a record %s", async (_, bad, message) => {
    const index = fresh();
    await expect(index.upsert({ records: [good, bad] })).rejects.toMatchObject(refusal(message));
    expect((await index.fetch({ ids: ["good"] })).records).toEqual({});
  });

  test("for more than 1,000 records, and 1,000 are taken", async () => {
    const index = fresh();
    const records = Array.from({ length: 1001 }, (_, n) => record(`${n}`, [1, 0, 0]));
    await expect(index.upsert({ records })).rejects.toMatchObject(refusal(/1000 records/));
    await index.upsert({ records: records.slice(1) });
  });

  test("for more than 2 MB, counted as float32 and metadata, however many digits were sent", async () => {
    const { host } = await pinecone.indexes.create({
      name: "long",
      schema: { fields: { _values: { type: "dense_vector", dimension: 1536, metric: "cosine" } } },
      deployment: { deploymentType: "managed", cloud: "aws", region: "us-east-1" },
    });
    const index = pinecone.index({ host });
    const values = Array.from({ length: 1536 }, (_, n) => Math.sin(n + 1));
    const records = Array.from({ length: 245 }, (_, n) => record(`${n}`, values, { text: "x".repeat(1900) }));
    expect(JSON.stringify(records).length).toBeGreaterThan(2 * 1024 * 1024);
    await index.upsert({ records });
    await expect(index.upsert({ records: [...records, ...records.slice(0, 20)] })).rejects.toMatchObject(
      refusal(/Request size 3MB exceeds the maximum supported size of 2MB/),
    );
  });
});

test("an index that is full refuses new records, replaces existing ones, and accepts new ones after a deletion", () => {
  const index = new VectorIndex(2, "cosine", 20);
  const stored = (id: string) => ({ id, values: Float32Array.of(1, 0), metadata: undefined });
  index.upsert("", [stored("1"), stored("2")]);
  index.upsert("", [stored("2")]);
  expect(() => index.upsert("", [stored("3")])).toThrow(/20 bytes/);
  index.delete("", ["1"]);
  index.upsert("", [stored("3")]);
  expect(index.ids("")).toEqual(["2", "3"]);
});
