import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { copySnapshot } from "../../../core/snapshots/copy-snapshot.ts";
import type { ExportOutcome } from "../../../core/snapshots/export-snapshot.ts";
import { SnapshotCorruptError } from "../../../core/snapshots/snapshot-errors.ts";
import { SnapshotStore } from "../../../core/snapshots/snapshot-store.ts";
import { SnapshotFolderTakenError, unpackSnapshot } from "../../../core/snapshots/unpack-snapshot.ts";
import { type LocalServices, startLocalServices } from "../../conformance/local-services.ts";
import { deltaOf } from "../../unit/collections/sample-deltas.ts";
import { SnapshotRig } from "./snapshot-rig.ts";

jest.setTimeout(300_000);

let services: LocalServices;
let rig: SnapshotRig;
let written: Extract<ExportOutcome, { state: "written" }>;

beforeAll(async () => {
  services = await startLocalServices();
  rig = await SnapshotRig.start(services);
  await rig.publish([deltaOf(1, "milk", ["milk", "bread"])]);
  written = await exported();
});
afterAll(async () => {
  await rig.stop();
  await services.stop();
});

async function exported() {
  const outcome = await rig.export();
  if (outcome.state !== "written") throw new Error(`The export ended as ${outcome.state}.`);
  return outcome;
}

const onBytes = () => undefined;
const other = () => new SnapshotStore(rig.s3, rig.bucket, "for-others/lines/");
const copy = ({ latest, manifest }: typeof written) =>
  copySnapshot({ from: rig.store, to: other(), kept: 1, onBytes }, latest, manifest);

/** Replaces the archive by other bytes while the body runs. */
async function withCorruptArchive(body: () => Promise<void>): Promise<void> {
  const Key = `lines/${written.latest.archive}`;
  const chunks: Buffer[] = [];
  for await (const chunk of await rig.store.openArchive(written.latest)) chunks.push(chunk as Buffer);
  const sound = Buffer.concat(chunks);
  const Body = Buffer.from(sound);
  Body.writeUInt8(Body.readUInt8(Body.length - 1) ^ 1, Body.length - 1);
  await rig.s3.send(new PutObjectCommand({ Bucket: rig.bucket, Key, Body }));
  try {
    await body();
  } finally {
    await rig.s3.send(new PutObjectCommand({ Bucket: rig.bucket, Key, Body: sound }));
  }
}

test("an archive that is not what its manifest says is neither copied nor unpacked", async () => {
  const folder = await mkdtemp(join(rig.folder, "unpacked-"));
  await withCorruptArchive(async () => {
    await expect(copy(written)).rejects.toThrow(SnapshotCorruptError);
    const unpacking = unpackSnapshot({ from: rig.store, onBytes }, written.latest, written.manifest, folder);
    await expect(unpacking).rejects.toThrow();
  });
  expect(await readdir(folder)).toEqual([]);
  expect((await rig.keys()).filter((key) => key.startsWith("for-others/"))).toEqual([]);
});

test("a snapshot is copied once, and the next one takes its place there", async () => {
  const first = await copy(written);
  expect(await copy(written)).toEqual(first);
  await rig.publish([deltaOf(2, "tea", ["tea"])]);
  const next = await exported();
  const second = await copy(next);
  expect(second).toMatchObject({
    sequence: 2,
    generations: next.latest.generations,
    kept: [second.snapshot],
  });
  expect((await rig.keys()).filter((key) => key.startsWith("for-others/")).sort()).toEqual([
    `for-others/lines/${second.archive}`,
    `for-others/lines/${second.manifest}`,
    "for-others/lines/latest.json",
  ]);
});

test("a snapshot is unpacked beside its manifest, and never over a folder that is there", async () => {
  const folder = await mkdtemp(join(rig.folder, "unpacked-"));
  const unpack = () => unpackSnapshot({ from: rig.store, onBytes }, written.latest, written.manifest, folder);
  expect(await unpack()).toBe(join(folder, "lines"));
  expect((await readdir(folder)).sort()).toEqual(["lines", "lines.manifest.json"]);
  const manifest = JSON.parse(await readFile(join(folder, "lines.manifest.json"), "utf8"));
  expect(manifest).toEqual(written.manifest);
  await expect(unpack()).rejects.toThrow(SnapshotFolderTakenError);
});
