import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { collectionKey } from "../../core/collections/lease/collection-key.ts";
import { deltaKey, deltaPrefix } from "../../core/deltas/keys.ts";
import { SnapshotIncompleteError } from "../../core/snapshots/snapshot-errors.ts";
import { SnapshotStore } from "../../core/snapshots/snapshot-store.ts";
import { type LocalServices, startLocalServices } from "../conformance/local-services.ts";
import { SnapshotRig } from "../integration/snapshots/snapshot-rig.ts";
import { itemsOf } from "../unit/collections/receipt-items.ts";
import { deltaOf, dimensions, model } from "../unit/collections/sample-deltas.ts";
import { chosen } from "./seeds.ts";
import { runExporter } from "./snapshots/exporter.ts";

jest.setTimeout(300_000);

const milk = deltaOf(1, "milk", ["milk", "bread"]);
const tea = deltaOf(2, "tea", ["tea", "cake"]);
const eggs = deltaOf(3, "eggs", ["eggs"]);

let services: LocalServices;
let rig: SnapshotRig;
beforeAll(async () => {
  services = await startLocalServices();
});
beforeEach(async () => {
  rig = await SnapshotRig.start(services);
  await rig.publish([milk]);
  await rig.fold();
});
afterEach(() => rig.stop());
afterAll(() => services.stop());

const documents = () =>
  rig.read(async (collection) => ((await collection.get()).documents as string[]).toSorted());

async function rename(merchant: string): Promise<void> {
  const [shard] = rig.shards;
  shard?.announce([await shard.put(itemsOf(1).metadata, { merchant_name: merchant })]);
  await rig.publish([]);
}

/** All objects are those of what the pointer keeps. */
async function expectNothingElse(): Promise<void> {
  const { pointer } = (await rig.store.latest()) ?? {};
  const kept = (pointer?.kept ?? []).flatMap((name) =>
    ["chroma.tar.zst", "manifest.json"].map((file) => `lines/${name}/${file}`),
  );
  expect((await rig.keys()).sort()).toEqual([...kept, "lines/latest.json"].sort());
}

const steps = [
  "read the heads",
  "copy the database",
  "apply the segments",
  "read the files",
  "upload the archive",
  "write the manifest",
  "move latest.json",
];

test.each(chosen(steps, 1).map((step) => [`a process that is killed as it is to ${step}`, step] as const))(
  "F64: %s leaves the snapshot before, and the next export replaces it",
  async (_, step) => {
    await rig.export();
    const before = await rig.store.latest();
    await rig.publish([tea]);
    const process = { environment: await rig.environment(), folder: rig.folder };
    expect(await runExporter({ ...process, killAt: step })).toBe("killed");
    expect(await rig.store.latest()).toEqual(before);
    expect(await documents()).toEqual(["bread", "milk"]);
    expect(await runExporter(process)).toMatchObject({ state: "written", latest: { sequence: 2 } });
    expect(await documents()).toEqual(["bread", "cake", "milk", "tea"]);
    await expectNothingElse();
  },
);

test("F64: a process that is killed after it has moved latest.json has exported, and the next one tidies", async () => {
  for (const merchant of ["ONE", "TWO"]) {
    await rig.export();
    await rename(merchant);
  }
  const process = { environment: await rig.environment(), folder: rig.folder };
  expect(await runExporter({ ...process, killAt: "remove outdated snapshots" })).toBe("killed");
  expect((await rig.store.latest())?.pointer).toMatchObject({ sequence: 3 });
  expect(await documents()).toEqual(["bread", "milk"]);
  expect(await rig.keys()).toHaveLength(7);
  expect(await runExporter(process)).toMatchObject({ state: "current" });
  await expectNothingElse();
});

test("F64: of exports at once one becomes the newest snapshot, and nothing of the others is left", async () => {
  const outcomes = await Promise.all([rig.export(), rig.export(), rig.export()]);
  const states = outcomes.map(({ state }) => state).sort();
  expect(states.filter((state) => state === "written")).toHaveLength(1);
  expect(states.filter((state) => state === "superseded" || state === "current")).toHaveLength(2);
  expect((await rig.store.latest())?.pointer).toMatchObject({ sequence: 1 });
  expect(await documents()).toEqual(["bread", "milk"]);
  await expectNothingElse();
});

/** The store, in which something else happens before the first archive is put. */
function beforeUpload(happens: () => Promise<unknown>): SnapshotStore {
  let isDone = false;
  return new Proxy(rig.store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "putArchive") return value.bind(target);
      return async (...asked: Parameters<SnapshotStore["putArchive"]>) => {
        if (!isDone) await happens();
        isDone = true;
        return target.putArchive(...asked);
      };
    },
  });
}

test("F64: an export that another one overtakes removes what it uploads after that", async () => {
  const store = beforeUpload(() => rig.export());
  expect(await rig.export({ store })).toMatchObject({ state: "superseded", latest: { sequence: 1 } });
  await expectNothingElse();
});

test("F64: an export that tidies late leaves alone what a later one uploads", async () => {
  await rig.export();
  const { pointer } = (await rig.store.latest()) ?? {};
  if (pointer === undefined) throw new Error("There is a snapshot.");
  await rig.store.putArchive("00000002-0000000a", Readable.from([Buffer.from("being uploaded")]));
  await rig.store.putArchive("00000001-0000000a", Readable.from([Buffer.from("left behind")]));
  expect(await rig.store.removeOutdated(pointer)).toEqual(["00000001-0000000a"]);
  expect(await rig.keys()).toContain("lines/00000002-0000000a/chroma.tar.zst");
});

describe("F64: an S3 that fails", () => {
  /** Calls fail from the given one on. */
  function failing(command: string): SnapshotStore {
    const client = new Proxy(rig.s3, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== "send") return typeof value === "function" ? value.bind(target) : value;
        return (asked: object, ...rest: []) =>
          asked.constructor.name === command
            ? Promise.reject(new Error(`S3 failed to ${command}`))
            : target.send(asked as never, ...rest);
      },
    });
    return new SnapshotStore(client as S3Client, rig.bucket, "lines/");
  }

  test.each(["PutObjectCommand", "GetObjectCommand"])("%s: the snapshot before stays", async (command) => {
    await rig.export();
    const before = await rig.store.latest();
    await rig.publish([tea]);
    await expect(rig.export({ store: failing(command) })).rejects.toThrow("S3 failed");
    expect(await rig.store.latest()).toEqual(before);
    expect(await documents()).toEqual(["bread", "milk"]);
    expect(await rig.export()).toMatchObject({ state: "written" });
    expect(await documents()).toEqual(["bread", "cake", "milk", "tea"]);
    await expectNothingElse();
  });

  test("a response to the move that is lost is found to have arrived", async () => {
    let isLost = false;
    const moving = new Proxy(rig.store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        if (name !== "moveLatest") return value.bind(target);
        return async (...asked: Parameters<SnapshotStore["moveLatest"]>) => {
          await target.moveLatest(...asked);
          isLost = true;
          return target.moveLatest(...asked);
        };
      },
    });
    expect(await rig.export({ store: moving })).toMatchObject({ state: "written" });
    expect(isLost).toBe(true);
    await expectNothingElse();
  });
});

test("F65: what is published meanwhile is not in the snapshot, and is in the next one", async () => {
  const [shard] = rig.shards;
  const head = await shard?.head();
  const store = beforeUpload(() => rig.publish([tea]));
  expect(await rig.export({ store })).toMatchObject({
    state: "written",
    latest: { generations: { lines: head } },
  });
  expect(await documents()).toEqual(["bread", "milk"]);
  expect(await rig.export()).toMatchObject({ state: "written" });
  expect(await documents()).toEqual(["bread", "cake", "milk", "tea"]);
});

test("F65: a generation that is removed while it is exported gives way to the newer head", async () => {
  const [shard] = rig.shards;
  const old = (await shard?.head()) ?? "";
  const collectionsPath = (await rig.deps()).collectionsPath;
  let moved: Promise<void> | undefined;
  const warned: string[] = [];
  const deps = await rig.deps();
  const log = { ...deps.log, warn: (message: string) => void warned.push(message) };
  const { client } = deps.control;
  /** After the head was read, and before its files are copied. */
  const racing = new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== "send") return typeof value === "function" ? value.bind(target) : value;
      return async (...asked: [never]) => {
        const answer = await target.send(...asked);
        looks += 1;
        if (looks === 2) moved = supersede();
        await moved;
        return answer;
      };
    },
  });
  let looks = 0;
  async function supersede(): Promise<void> {
    await rig.publish([tea, eggs]);
    await rig.fold();
    await rm(join(collectionsPath, "lines/generations", old), { recursive: true });
  }
  const outcome = await rig.export(
    { control: { ...deps.control, client: racing }, log, clock: rig.hasty },
    600_000,
  );
  expect(outcome).toMatchObject({ state: "written", manifest: { vectors: 5 } });
  expect(warned).toHaveLength(1);
  expect(await documents()).toEqual(["bread", "cake", "eggs", "milk", "tea"]);
});

test.each([
  ["of a new receipt", tea, () => rig.publish([tea])],
  ["of a receipt whose merchant has changed", milk, () => rename("CAFE")],
])(
  "F65: a delta that is gone, %s, fails the export, and the snapshot before stays",
  async (_, delta, change) => {
    await rig.export();
    await change();
    const [shard] = rig.shards;
    const key = deltaKey(deltaPrefix(delta));
    const bytes = shard?.bucket.get(key) ?? new Uint8Array();
    shard?.bucket.delete(key);
    await expect(rig.export()).rejects.toThrow(SnapshotIncompleteError);
    expect(await documents()).toEqual(["bread", "milk"]);
    shard?.bucket.set(key, bytes);
    expect(await rig.export()).toMatchObject({ state: "written" });
    await expectNothingElse();
  },
);

test("F65: a database that holds other than its manifest says is not exported", async () => {
  const [shard] = rig.shards;
  const { client, controlTable } = (await rig.deps()).control;
  const head = (await shard?.head()) ?? "";
  const name = "00000099-99";
  const wrong = { name, base: head, model, dimensions, documents: [], database: head, segments: [] };
  await shard?.generations.writeOverlay({ ...wrong, count: 3, databaseCount: 3 });
  await client.send(
    new UpdateCommand({
      TableName: controlTable,
      Key: collectionKey("lines"),
      UpdateExpression: "SET head_name = :name",
      ExpressionAttributeValues: { ":name": name },
    }),
  );
  await expect(rig.export()).rejects.toThrow("the database holds 2 vectors, and 3 are published");
  expect(await rig.keys()).toEqual([]);
});
