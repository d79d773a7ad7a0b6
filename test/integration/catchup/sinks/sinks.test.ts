import { sinkOpener } from "../../../../core/catchup/host/open-sink.ts";
import { S3VectorsSink } from "../../../../core/catchup/index/s3-vectors/s3-vectors-sink.ts";
import { ChunkRig } from "../../../unit/catchup/chunk-rig.ts";
import { type ChromaUnderTest, chromaUnderTest } from "./chroma-under-test.ts";
import { pineconeUnderTest } from "./pinecone-under-test.ts";
import { s3VectorsUnderTest } from "./s3-vectors-under-test.ts";
import { type HeldVector, type SinkUnderTest, sinkContract, vectorOf } from "./sink-contract.ts";

const started = new Map<string, SinkUnderTest>();

beforeAll(async () => {
  started.set("Pinecone", await pineconeUnderTest());
  started.set("S3 Vectors", await s3VectorsUnderTest());
  started.set("Chroma", await chromaUnderTest());
});
afterAll(async () => {
  for (const service of started.values()) await service.stop();
});

function of(name: string): SinkUnderTest {
  return started.get(name) as SinkUnderTest;
}

for (const name of ["Pinecone", "S3 Vectors", "Chroma"]) sinkContract(name, () => of(name));

describe("the same CSV in every sink", () => {
  const csv = [
    "id,formatted_text,record_type,amount,paid,note",
    "1,<b>Fish</b> &amp; chips,,12.5,true,",
    "2,Naïve café “漢字” 🐟,,-1,false,second",
    "3,Other namespace,Orders_2026,7,true,third",
    "4,,,1,true,no text",
    "5,Last,,0,false,fifth",
  ].join("\n");

  /** A store that keeps vectors at length 1 gives them back with the noise of float32. */
  const rounded = ({ values, metadata }: HeldVector) => ({
    values: values.map((one) => one.toFixed(6)),
    metadata,
  });

  /** The records of both namespaces after a task over `text`, and its counts. */
  async function indexed({ sink, held }: SinkUnderTest, text: string, incremental = false) {
    const rig = new ChunkRig();
    const work = await rig.workOf(text, { incremental, namespace: "same" });
    const counts = await rig.processInto(sink, work);
    const records = new Map<string, HeldVector>([...(await held("same")), ...(await held("Orders_2026"))]);
    const byId = [...records].sort().map(([id, vector]) => [id, rounded(vector)] as const);
    return { counts, records: Object.fromEntries(byId), paid: rig.embedder.paid };
  }

  test("ends in the same records, with the same rows failed", async () => {
    const [pinecone, ...others] = await Promise.all([...started.values()].map((one) => indexed(one, csv)));
    expect(pinecone?.counts).toMatchObject({ processed: 4, failed: 1 });
    expect(Object.keys(pinecone?.records ?? {})).toEqual(["12.1", "12.2", "12.3", "12.5"]);
    expect(pinecone?.records["12.1"]?.metadata).toEqual({
      text: "Fish & chips",
      id: "1",
      amount: 12.5,
      paid: true,
    });
    for (const other of others) expect(other).toEqual(pinecone);
  });

  test("an incremental task finds what each holds, and pays for what has changed alone", async () => {
    const changed = csv.replace("Last", "Changed").replace(",second", ",");
    for (const service of started.values()) {
      await indexed(service, csv, true);
      expect((await indexed(service, csv, true)).paid).toEqual([]);
      const again = await indexed(service, changed, true);
      expect(again.counts).toMatchObject({ processed: 4, unchanged: 2 });
      expect(again.paid.sort()).toEqual(["Changed", "Naïve café “漢字” 🐟"]);
      expect(again.records["12.2"]?.metadata).not.toHaveProperty("note");
    }
  });
});

test("a process opens the sink that its environment names", async () => {
  const { open, held } = of("Chroma") as ChromaUnderTest;
  const giveUpAt = Date.now() + 20_000;
  const chroma = sinkOpener({ SINK: "chroma", SINK_PLACE: open, SINK_API_KEY_SECRET: undefined });
  await (await chroma(giveUpAt)).upsert("opened", [vectorOf("12.1")]);
  expect([...(await held("opened")).keys()]).toEqual(["12.1"]);
  const s3Vectors = sinkOpener({ SINK: "s3vectors", SINK_PLACE: "records", SINK_API_KEY_SECRET: undefined });
  expect(await s3Vectors(giveUpAt)).toBeInstanceOf(S3VectorsSink);
});

test("a key of Chroma does not stand in what is said of it (F24), and a database that is missing is named", async () => {
  const { refused, missing } = of("Chroma") as ChromaUnderTest;
  const failure = await refused.describe("v2").catch((error: Error) => error);
  expect(`${failure}${JSON.stringify(failure)}`).not.toContain("ck-another");
  for (const call of [() => missing.describe("v2"), () => missing.contentHashes("v2", ["1"])]) {
    await expect(call().then(() => missing.upsert("v2", []))).rejects.toThrow("there is no such database");
  }
});
