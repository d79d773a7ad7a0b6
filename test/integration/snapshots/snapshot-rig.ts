import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ChromaClient, type Collection as ChromaCollection } from "chromadb";
import * as tar from "tar";
import type { ShardName } from "../../../contract/collections.ts";
import { ChromaServer } from "../../../core/collections/chroma/chroma-server.ts";
import type { Delta } from "../../../core/deltas/delta.ts";
import { silentLog } from "../../../core/log.ts";
import { monotonicClock } from "../../../core/resilience/clock.ts";
import {
  type ExportDeps,
  type ExportOutcome,
  exportSnapshot,
} from "../../../core/snapshots/export-snapshot.ts";
import { SnapshotStore } from "../../../core/snapshots/snapshot-store.ts";
import type { LocalServices } from "../../conformance/local-services.ts";
import { CompactionRig, queueUrl, type RigDeps } from "../../unit/collections/compaction-rig.ts";
import { laterChromaLibrary } from "../../unit/collections/later-chroma.ts";
import { dimensions, model } from "../../unit/collections/sample-deltas.ts";
import { hastyClock } from "../../unit/resilience/clocks.ts";

/** Shards of `lines` with real files, tables and Chroma, and a real S3 of the local stack for their snapshots. */
export class SnapshotRig {
  readonly shards: readonly CompactionRig[];
  readonly s3: S3Client;
  readonly bucket: string;
  /** Of processes; the deltas of the rig itself are in memory. */
  readonly deltasBucket: string;
  readonly store: SnapshotStore;
  readonly folder: string;
  /** The minute that a reader waits for a folder takes no time by it. */
  readonly hasty = hastyClock();
  readonly #services: LocalServices;

  private constructor(
    shards: readonly CompactionRig[],
    services: LocalServices,
    folder: string,
    bucket: string,
  ) {
    this.shards = shards;
    this.#services = services;
    this.folder = folder;
    this.bucket = bucket;
    this.deltasBucket = `${bucket}-deltas`;
    this.s3 = new S3Client({ ...services.client(), forcePathStyle: true });
    this.store = new SnapshotStore(this.s3, bucket, "lines/");
  }

  /** On services that the tests of a file share. */
  static async start(
    services: LocalServices,
    names: readonly [ShardName, ...ShardName[]] = ["lines"],
  ): Promise<SnapshotRig> {
    const [first, ...others] = names;
    const rig = await CompactionRig.start(first);
    const shards = [rig, ...others.map((name) => rig.beside(name))];
    const folder = await mkdtemp(join(tmpdir(), "snapshots-"));
    const made = new SnapshotRig(shards, services, folder, `snapshots-${randomUUID()}`);
    for (const Bucket of [made.bucket, made.deltasBucket])
      await made.s3.send(new CreateBucketCommand({ Bucket }));
    return made;
  }

  async stop(): Promise<void> {
    this.s3.destroy();
    await this.shards[0]?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** As cycles publish that open no database, until the queue of the shard is empty. */
  async publish(deltas: readonly Delta[], rig = this.shards[0]): Promise<void> {
    if (rig === undefined) throw new RangeError("There is no such shard.");
    for (const delta of deltas) await rig.embed(delta);
    const parts: RigDeps = await rig.process();
    while (rig.sqs.at(rig.queues.queue).messages.length > 0) {
      await rig.invoke(parts);
      rig.sqs.reveal(rig.queues.queue);
    }
  }

  async fold(rig = this.shards[0]): Promise<void> {
    await rig?.foldNow();
  }

  async deps(changed: Partial<ExportDeps> = {}): Promise<ExportDeps> {
    const [rig] = this.shards;
    if (rig === undefined) throw new RangeError("There is no shard.");
    const { collectionsPath, library } = await rig.files();
    const { client, controlTable } = rig.tables;
    return {
      collection: "lines",
      shards: this.shards.map(({ shard }) => shard),
      target: { model, dimensions },
      control: { client, controlTable },
      collectionsPath,
      library,
      scratch: join(this.folder, `scratch-${process.hrtime.bigint()}`),
      deltas: rig.deltas,
      memoryMiB: 3_008,
      clock: monotonicClock,
      log: silentLog,
      store: this.store,
      kept: 2,
      now: Date.now,
      onStep: () => undefined,
      ...changed,
    };
  }

  /** Of a process of the function that exports; it reads the deltas from S3. */
  async environment(): Promise<Record<string, string>> {
    const { collectionsPath, control } = await this.deps();
    const { tables, bucket } = this.shards[0] as CompactionRig;
    for (const [Key, Body] of bucket)
      await this.s3.send(new PutObjectCommand({ Bucket: this.deltasBucket, Key, Body }));
    const { protocol, hostname, port = 80 } = (await tables.dynamo.config.endpoint?.()) ?? {};
    return {
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      AWS_ENDPOINT_URL: this.#services.url,
      AWS_ENDPOINT_URL_DYNAMODB: `${protocol}//${hostname}:${port}`,
      RECEIPTS_TABLE: tables.receiptsTable,
      CONTROL_TABLE: control.controlTable,
      DELTAS_BUCKET: this.deltasBucket,
      LINES_QUEUE_URLS: queueUrl,
      WORDS_QUEUE_URLS: queueUrl,
      COLLECTIONS_PATH: collectionsPath,
      EMBEDDING_MODEL: model,
      EMBEDDING_DIMENSIONS: String(dimensions),
      SNAPSHOTS_BUCKET: this.bucket,
      SNAPSHOTS_KEPT: "2",
      MEMORY_MIB: "3008",
      POWERTOOLS_METRICS_NAMESPACE: "snapshots",
    };
  }

  async export(changed: Partial<ExportDeps> = {}, milliseconds = 60_000): Promise<ExportOutcome> {
    return exportSnapshot(await this.deps(changed), monotonicClock.now() + milliseconds);
  }

  async keys(): Promise<string[]> {
    const { Contents = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket: this.bucket }));
    return Contents.map(({ Key = "" }) => Key);
  }

  /** As an outside reader does: downloads and unpacks what `latest.json` names. Resolves to the folder of the database. */
  async download(): Promise<string> {
    const latest = await this.store.latest();
    if (latest === undefined) throw new Error("There is no snapshot.");
    const target = await mkdtemp(join(this.folder, "reader-"));
    await pipeline(
      await this.store.openArchive(latest.pointer),
      createZstdDecompress(),
      tar.extract({ cwd: target }),
    );
    return join(target, "lines");
  }

  /** Opens the newest snapshot by a server of Chroma, of a later release by default, and Chroma's own client. */
  async read<T>(read: (collection: ChromaCollection) => Promise<T>, library?: string): Promise<T> {
    const path = await this.download();
    const server = await ChromaServer.start({ library: library ?? (await laterChromaLibrary()), path });
    try {
      const client = new ChromaClient({ host: server.host, port: server.port, ssl: false });
      return await read(await client.getCollection({ name: "lines" }));
    } finally {
      await server.stop("SIGKILL");
    }
  }
}
