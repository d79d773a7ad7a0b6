import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { ChromaClient } from "chromadb";
import { ChromaServer } from "../../core/collections/chroma/chroma-server.ts";
import { inParallel } from "../../core/resilience/in-parallel.ts";
import { SnapshotStore } from "../../core/snapshots/snapshot-store.ts";
import { unpackSnapshot } from "../../core/snapshots/unpack-snapshot.ts";
import { runChild } from "../child.ts";
import { OneCollection } from "../compaction/one-collection.ts";
import { nameOf, storeWordDeltas, wordsPerReceipt } from "../compaction/word-deltas.ts";
import type { BenchReceipt } from "../receipts.ts";
import { dimensions, model, type Premises } from "../surroundings.ts";
import { clientOptions, type Orders, type Outcome } from "./orders.ts";

const collection = "words";
const bucket = "snapshots";
const callsAtOnce = 16;
/** Receipts per fold. */
const receiptsPerRound = 200;
/** Receipts that stay in segments above the base, as changes since the last fold do. */
const above = 10;
const asked = 20;
const equalDistance = 1e-4;

export interface SnapshotFigures {
  readonly exported: Outcome;
  readonly bare: Outcome;
  readonly archiveBytes: number;
  readonly bareBytes: number;
  readonly databaseBytes: number;
  readonly openSeconds: number;
  /** Vectors of the opened snapshot, and how many of the asked ones it finds. */
  readonly vectors: number;
  readonly asked: number;
  readonly found: number;
}

/** Publishes a collection, exports it, and opens the snapshot by a Chroma server of its own. */
export async function measureSnapshots(vectors: number, premises: Premises): Promise<SnapshotFigures> {
  const one = await OneCollection.start({ collection, model, dimensions }, premises);
  const s3 = new S3Client(clientOptions(one.aws.objectsUrl));
  try {
    await published(one, await storeWordDeltas(one.deltas, Math.ceil(vectors / wordsPerReceipt)));
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    const exported = await run({
      way: "export",
      collection,
      url: one.aws.url,
      objectsUrl: one.aws.objectsUrl,
      controlTable: one.aws.controlTable,
      collectionsPath: one.collectionsPath,
      library: premises.library,
      scratch: join(premises.folder, "scratch"),
      deltas: one.deltas.folder,
      bucket,
    });
    const store = new SnapshotStore(s3, bucket, `${collection}/`);
    const latest = await store.latest();
    if (latest === undefined) throw new Error("The export wrote no snapshot.");
    const manifest = await store.manifestOf(latest.pointer);
    const readers = join(premises.folder, "readers");
    await mkdir(readers);
    const from = { from: store, onBytes: () => undefined };
    const folder = await unpackSnapshot(from, latest.pointer, manifest, readers);
    const file = join(premises.folder, "bare.tar.zst");
    return {
      exported,
      bare: await run({ way: "bare", folder, file }),
      archiveBytes: manifest.archive.bytes,
      bareBytes: (await stat(file)).size,
      databaseBytes: manifest.files.reduce((sum, { size }) => sum + size, 0),
      ...(await opened(premises.library, folder)),
    };
  } finally {
    s3.destroy();
    await one.stop();
  }
}

function run(orders: Orders): Promise<Outcome> {
  return runChild<Outcome>("snapshots/export-once.ts", { ...orders });
}

/** Most of it in a base, and the last receipts above it. */
async function published(one: OneCollection, receipts: readonly BenchReceipt[]): Promise<void> {
  const compaction = await one.process();
  const publish = async (some: readonly BenchReceipt[]) => {
    await inParallel(some, callsAtOnce, (receipt) => one.openRun(nameOf(receipt)));
    await one.publish(compaction, some.length);
  };
  const folded = receipts.slice(0, -above);
  for (let from = 0; from < folded.length; from += receiptsPerRound) {
    await publish(folded.slice(from, from + receiptsPerRound));
    await one.fold(compaction);
  }
  await publish(receipts.slice(-above));
  await compaction.end();
}

/** Opens the folder as another reader does: by a server and Chroma's own client. */
async function opened(library: string, path: string) {
  const began = performance.now();
  const server = await ChromaServer.start({ library, path });
  try {
    const client = new ChromaClient({ host: server.host, port: server.port, ssl: false });
    const lines = await client.getCollection({ name: collection });
    const vectors = await lines.count();
    const { embeddings } = await lines.get({ limit: asked, include: ["embeddings"] });
    const queryEmbeddings = embeddings as number[][];
    const { distances } = await lines.query({ queryEmbeddings, nResults: 1, include: ["distances"] });
    const openSeconds = (performance.now() - began) / 1_000;
    // Several words may have one vector, so the nearest need not be the word itself.
    const found = distances.filter(([nearest]) => (nearest ?? 1) < equalDistance).length;
    return { openSeconds, vectors, asked, found };
  } finally {
    await server.stop("SIGKILL");
  }
}
