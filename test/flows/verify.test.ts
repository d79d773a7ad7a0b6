import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VectorStore } from "../../core/collections/chroma/vector-store.ts";
import type { Delta } from "../../core/deltas/delta.ts";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import { publishDoctored } from "../unit/collections/doctored.ts";
import { eventually } from "./eventually.ts";
import { noMessageIsLeft, nothingWasRefused } from "./looking.ts";
import { library } from "./published.ts";
import { keysOf, put } from "./receipt-items.ts";
import { ocrFiles } from "./receipt-rows.ts";
import { RunningStack } from "./running-stack.ts";
import { completed, planned, send } from "./sending.ts";
import { shows } from "./showing.ts";

jest.setTimeout(300_000);

const bakery = ocrFiles(["MILL BAKERY", "RYE BREAD 4.10", "TOTAL 4.10"]);
const pharmacy = ocrFiles(["NORTH PHARMACY", "PLASTERS 2.00"]);
let stack: RunningStack;

beforeAll(async () => {
  stack = await RunningStack.start({ "verify:settleSeconds": "2" });
  await send(stack, bakery, pharmacy);
  for (const files of [bakery, pharmacy]) await completed(stack, files);
  await put(stack, keysOf(bakery).metadata, { merchant_name: "Mill Bakery" });
  await shows(stack, bakery, { merchant: { merchant_name: "Mill Bakery" } });
  await noMessageIsLeft(stack);
});

afterAll(async () => {
  await stack?.stop();
});

/** `npm run verify -- ...` on the running stack. */
function verify(...options: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const command = join(import.meta.dirname, "../../cli/verify.ts");
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...options], { cwd: stack.folder }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

const model = { model: "universal-sentence-encoder-lite", dimensions: 512 };

/** Leaves all of a vector as it is but its numbers, which are zeros from now on. */
async function takeDirectionOf(store: VectorStore, id: string): Promise<void> {
  const stored = await store.read([id]);
  const delta: Delta = {
    collection: "lines",
    ...bakery,
    runId: "doctored",
    ...model,
    textFormat: "receipt-text/1",
    ids: [id],
    documents: stored.map(({ document }) => document),
    metadatas: stored.map(({ metadata }) => metadata),
    vectors: new Uint8Array(Float32Array.BYTES_PER_ELEMENT * model.dimensions),
  };
  await store.upsert([{ delta, from: 0, to: 1 }]);
}

async function doctor(change: (store: VectorStore) => Promise<void>): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "doctor-"));
  const deltas = new S3DeltaStore(stack.s3, stack.outputs.deltasBucket);
  const files = { collectionsPath: stack.collectionsPath, library, scratch, deltas };
  const { controlTable } = stack.outputs;
  await publishDoctored({ client: stack.dynamo, controlTable, shard: "lines", files, ...model }, change);
  await rm(scratch, { recursive: true });
}

const [title = "", bread = ""] = planned(bakery).lines.map(({ id }) => id);

test("a stack into which receipts were sent is clean", async () => {
  expect(await verify()).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("Every vector is current."),
  });
  const { code, stdout } = await verify("--json", "--numbers", "--collection", "lines");
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    {
      verdict: "clean",
      exit_code: 0,
      rejected_rows: 0,
      shards: [
        {
          shard: "lines",
          report: expect.objectContaining({ receipts: 2, vectors: 5, faulty: 0, next: null }),
        },
      ],
    },
  ]);
});

test("a collection that was tampered with is reported, counted in metrics, and repaired", async () => {
  await doctor(async (store) => {
    await store.delete([title]);
    await store.updateMetadata(new Map([[bread, { merchant_name: "Nobody" }]]));
  });
  const differing = await verify();
  expect(differing).toMatchObject({ code: 1, stdout: expect.stringContaining(`missing ${title}`) });
  expect(differing.stdout).toContain(`stale metadata ${bread}`);
  expect(differing.stdout).toContain("npm run verify -- --repair");
  await eventually(30, async () => {
    const lines = await stack.logged(stack.outputs.logGroups.verify, "CloudWatchMetrics");
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ service: "verify", VectorsMissing: 1, VectorsExtra: 0, VectorsStale: 1 }),
    );
  });
  expect(await verify("--repair")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("1 receipts were republished"),
  });
  expect(await verify()).toMatchObject({ code: 0 });
});

test("F44: vectors that ask for themselves are found, and one that is not is named and counted", async () => {
  const whole = await verify("--findable", "--seed", "5eed");
  expect(whole).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^lines +\d{8}-\d+ +exact +5 +5 +5 +1\.000$/m),
  });
  expect(whole.stdout).toContain("`--seed 5eed` samples the same vectors");
  expect(whole.stdout).toContain("vectors is found by its own numbers.");

  await doctor((store) => takeDirectionOf(store, title));
  const { code, stdout } = await verify("--findable", "--all", "--json", "--collection", "lines");
  const { verdict, findable } = JSON.parse(stdout);
  expect([code, verdict]).toEqual([1, "differs"]);
  expect(findable.shards).toEqual([
    {
      shard: "lines",
      report: expect.objectContaining({
        asked: 5,
        found: 4,
        not_found: 1,
        missed: [{ id: title, why: expect.stringContaining("a search rejects its numbers") }],
      }),
    },
  ]);
  await eventually(30, async () => {
    const logged = await stack.logged(stack.outputs.logGroups.verify, "VectorsNotFound");
    const counted = logged.map((line) => JSON.parse(line));
    expect(counted).toContainEqual(expect.objectContaining({ collection: "words", VectorsNotFound: 0 }));
    expect(counted).toContainEqual(expect.objectContaining({ collection: "lines", VectorsNotFound: 1 }));
  });
  expect(await verify("--numbers", "--repair", "--findable")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("stale numbers"),
  });
});

test("which vectors ask is said only where vectors ask", async () => {
  const { code, stderr } = await verify("--all");
  expect([code, stderr]).toEqual([2, expect.stringContaining("--findable")]);
});

test("a failed comparison has its own exit code", async () => {
  const { code, stderr } = await verify("--collection", "pages");
  expect([code, stderr]).toEqual([2, expect.stringContaining("--collection is lines or words.")]);
});

test("no process of the stack was refused anything", () => nothingWasRefused(stack));
