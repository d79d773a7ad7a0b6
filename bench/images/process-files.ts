import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { S3Client } from "@aws-sdk/client-s3";
import sharp from "sharp";
import type { Database } from "../../core/images/database/database.ts";
import { Items } from "../../core/images/database/items.ts";
import { paddedSequencer } from "../../core/images/events/sequencer.ts";
import { processChange } from "../../core/images/process/process-change.ts";
import { Renditions } from "../../core/images/process/renditions.ts";

/** Work of a process of its own, so that its peak memory is its own. */
export interface Orders {
  readonly way: "processor" | "sharp";
  readonly files: readonly string[];
}

export interface Outcome {
  readonly seconds: number;
  readonly peakMiB: number;
}

/** The processor's own path, with an S3 and a database that answer at once. */
function processor(contents: ReadonlyMap<string, Buffer>): (file: string) => Promise<unknown> {
  const s3 = new S3Client({
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    requestHandler: {
      handle: async ({ method, path }: { method: string; path: string }) => {
        const bytes = contents.get(decodeURIComponent(basename(path)));
        if (method !== "GET" || bytes === undefined) {
          return { response: { statusCode: 200, headers: {}, body: Readable.from([]) } };
        }
        const headers = { "content-length": String(bytes.length), etag: '"e"' };
        return { response: { statusCode: 200, headers, body: Readable.from([bytes]) } };
      },
    } as never,
  });
  const sequencer = paddedSequencer("01");
  const row = (parameters: object) => ({
    id: "id",
    user_id: "bench",
    bucket: "images",
    object_key: "key",
    object_sequencer: sequencer,
    content_sha256: null,
    deleted: false,
    ...parameters,
  });
  const database: Database = {
    query: async (schema) => [schema.parse(row({}))],
    execute: async () => 1,
    transaction: () => Promise.reject(new Error("nothing is deleted here")),
  };
  const deps = {
    s3,
    items: new Items(database),
    renditions: new Renditions({ s3, bucket: "renditions" }),
    events: { publish: async () => {} },
    limits: { maxPixels: 100_000_000, maxBytes: 50_000_000, heic: true },
  };
  return (file) =>
    processChange(
      {
        kind: "created",
        bucket: "images",
        key: `bench/${basename(file)}`,
        sequencer,
        size: undefined,
        etag: undefined,
      },
      deps,
    );
}

/** What anybody would write with sharp: each size from the original. */
function bareSharp(contents: ReadonlyMap<string, Buffer>): (file: string) => Promise<unknown> {
  sharp.concurrency(1);
  sharp.cache(false);
  return async (file) => {
    for (const side of [1_568, 800]) {
      await sharp(contents.get(basename(file)))
        .autoOrient()
        .resize({ width: side, height: side, fit: "inside", withoutEnlargement: true })
        .flatten({ background: "#ffffff" })
        .jpeg({ quality: 85 })
        .toBuffer();
    }
  };
}

async function run({ way, files }: Orders): Promise<Outcome> {
  const contents = new Map<string, Buffer>();
  for (const file of files) contents.set(basename(file), await readFile(file));
  const work = way === "processor" ? processor(contents) : bareSharp(contents);
  await work(files[0] ?? "");
  const began = performance.now();
  for (const file of files) await work(file);
  const seconds = (performance.now() - began) / 1_000;
  return { seconds, peakMiB: process.resourceUsage().maxRSS / 1_024 };
}

process.once("message", (orders: Orders) => {
  void run(orders).then((outcome) => process.send?.(outcome));
});
