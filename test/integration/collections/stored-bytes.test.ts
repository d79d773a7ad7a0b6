import { join } from "node:path";
import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { generationHistory } from "../../../core/collections/generations/generation-history.ts";
import { databaseFolder } from "../../../core/collections/generations/manifest.ts";
import {
  recordedBytes,
  recordStoredBytes,
  storedBytes,
} from "../../../core/collections/generations/stored-bytes.ts";
import { CompactionRig, type RigConfig } from "../../unit/collections/compaction-rig.ts";
import { deltaOf } from "../../unit/collections/sample-deltas.ts";

jest.setTimeout(60_000);

let rig: CompactionRig;
beforeEach(async () => {
  rig = await CompactionRig.start();
});
afterEach(() => rig.stop());

async function publish(number: number, config?: RigConfig): Promise<string> {
  await rig.embed(deltaOf(number, `run-${number}`, [`milk ${number}`]));
  await rig.invoke(await rig.process(config));
  return String(await rig.head());
}

async function stored(name: string): Promise<number> {
  const head = { name, publishedAt: new Date().toISOString() };
  return storedBytes(rig.generations, await generationHistory(rig.generations, head));
}

async function recorded(): Promise<unknown> {
  const { Item } = await rig.tables.client.send(
    new GetCommand({ TableName: rig.tables.controlTable, Key: { PK: "COLLECTION#lines", SK: "HEAD" } }),
  );
  return Item?.stored_bytes;
}

test("a cycle and a fold record what the published generations take, those that it removed not among them", async () => {
  const first = await publish(1);
  const one = await stored(first);
  expect(one).toBeGreaterThan(0);
  expect(await recorded()).toBe(one);
  await rig.foldNow();
  const folded = await stored(String(await rig.head()));
  expect(folded).toBeGreaterThan(one + 50_000);
  expect(await recorded()).toBe(folded);
  expect(await recordedBytes(rig.tables, ["lines"])).toBe(await recorded());
});

test("a file that two generations share by a link counts once", async () => {
  const first = await publish(1, { writesBases: true });
  const { manifest } = await rig.generations.write(join(rig.generations.pathOf(first), databaseFolder), {
    name: "00000002-99",
    base: first,
    model: "test-model",
    dimensions: 8,
    count: 1,
    documents: [],
  });
  expect(manifest.files.length).toBeGreaterThan(0);
  const [one, both] = [await stored(first), await stored("00000002-99")];
  // The second adds its manifest only.
  expect(both - one).toBeLessThan(12_000);
});

test("a holder that lost its lease records nothing", async () => {
  await publish(1);
  const before = await recorded();
  const condition = { expression: "lease_token = :token", values: { ":token": 12345 } };
  await recordStoredBytes(rig.tables, "lines", { condition }, 1);
  expect(await recorded()).toBe(before);
});
