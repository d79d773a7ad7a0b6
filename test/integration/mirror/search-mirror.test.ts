import type { Delta } from "../../../core/deltas/delta.ts";
import { S3VectorsQuery } from "../../../core/mirror/s3-vectors-query.ts";
import {
  type MirrorSearchDeps,
  searchMirror,
  similarInMirror,
} from "../../../core/search/mirror/search-mirror.ts";
import { dimensions, vectorOf } from "../../unit/collections/sample-deltas.ts";
import { MirrorRig } from "./mirror-rig.ts";

jest.setTimeout(120_000);

let rig: MirrorRig;
let milk: Delta;
let tea: Delta;
beforeAll(async () => {
  rig = await MirrorRig.start();
  await expect(searchMirror({ text: "milk" }, deps())).rejects.toThrow("Nothing is published");
  milk = await rig.embed(1, 3);
  tea = await rig.embed(2, 2);
  await rig.rename(2, "CAFE");
  await rig.publish();
  await rig.mirror();
});
afterAll(() => rig.stop());

function deps(): MirrorSearchDeps {
  const { client, controlTable } = rig.shard.tables;
  return {
    collectionShards: 1,
    dimensions,
    vectors: { of: async (text) => vectorOf(text) },
    mirrorOf: (shard) =>
      new S3VectorsQuery({
        client: rig.vectors,
        giveUpAt: () => Number.POSITIVE_INFINITY,
        control: { client, controlTable },
        shard,
        bucketName: "mirror",
        indexName: `${shard}-${dimensions}`,
      }),
  };
}

test("a text finds the nearest vectors, and the answer says that it is of the mirror, and of which generation", async () => {
  const [text = ""] = milk.documents;
  const answer = await searchMirror({ text, k: 4 }, deps());
  expect(answer).toMatchObject({
    collection: "lines",
    backend: "s3vectors",
    mode: "dense",
    exact: false,
    generations: { lines: 1 },
  });
  expect(answer.hits).toHaveLength(4);
  expect(answer.hits[0]).toMatchObject({
    id: milk.ids[0],
    text,
    image_id: milk.imageId,
    receipt_id: 1,
    line_id: 1,
    metadata: milk.metadatas[0],
  });
  expect(answer.hits[0]?.score).toBeCloseTo(1, 5);
  const scores = answer.hits.map(({ score }) => score);
  expect(scores).toEqual([...scores].sort((one, other) => other - one));
  expect(JSON.stringify(answer)).not.toContain("content_hash");
});

test("filters by equality hold: a merchant's either name, and keys of the metadata", async () => {
  const idsOf = async (body: object) =>
    (await searchMirror({ text: "any", k: 100, ...body }, deps())).hits.map(({ id }) => id).sort();
  expect(await idsOf({ merchant: "CAFE" })).toEqual(tea.ids);
  expect(await idsOf({ filter: { line_id: 3 } })).toEqual([milk.ids[2]]);
  expect(await idsOf({ merchant: "CAFE", filter: { line_id: 2 } })).toEqual([tea.ids[1]]);
  expect(await idsOf({ merchant: "BAR" })).toEqual([]);
});

test("what the mirror cannot do is refused with every reason, and not answered otherwise", async () => {
  const asked = { text: "milk", mode: "hybrid", group: "row", understand: true, where: { line_id: 1 } };
  await expect(searchMirror(asked, deps())).rejects.toMatchObject({
    status: 400,
    code: "not_in_mirror",
    problems: ["mode", "group", "understand", "where"].map((field) => expect.stringMatching(`^${field}: `)),
  });
  await expect(searchMirror({ text: "milk", mode: "lexical" }, deps())).rejects.toMatchObject({
    status: 400,
  });
  const plain = { text: "milk", mode: "dense", group: "line", understand: false };
  expect((await searchMirror(plain, deps())).hits).toHaveLength(5);
});

test("neighbours of a vector are found without itself, and an unknown id is refused", async () => {
  const id = milk.ids[0] ?? "";
  const answer = await similarInMirror({ id, k: 3 }, deps());
  expect(answer).toMatchObject({ backend: "s3vectors", of: { id, text: milk.documents[0] } });
  expect(answer.hits).toHaveLength(3);
  expect(answer.hits.map((hit) => hit.id)).not.toContain(id);
  const unknown = "IMAGE#none#RECEIPT#00001#LINE#00001";
  await expect(similarInMirror({ id: unknown, k: 3 }, deps())).rejects.toThrow("No published vector");
});
