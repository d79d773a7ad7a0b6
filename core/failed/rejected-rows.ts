import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import * as z from "zod";
import { collections } from "../../contract/collections.ts";
import { rejectedRowsFolder, runOfRejectedRows } from "../deltas/keys.ts";
import { documentModel } from "../documents/documents.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import type { RunStore } from "../runs/run-store.ts";
import { jsonOf } from "../text/json-of.ts";
import type { FailedSource, FailedThing, Listing, Retried } from "./failed-source.ts";
import { mayBePurged } from "./failed-source.ts";
import { unknownIds } from "./subject-ids.ts";

export interface RejectedRowsOptions {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly runs: Pick<RunStore, "current">;
}

const readsAtOnce = 16;

/** A rejected row. Rows of older runs do not name their document, but their content usually does. */
const rejectedRow = z.looseObject({
  file: z.enum(collections),
  line_number: z.int(),
  reason: z.string(),
  row: z.string(),
});

interface RejectedFile {
  readonly key: string;
  readonly runId: string;
  readonly since: string;
}

/** Rejected rows of current runs: search does not find them (F36). */
export class RejectedRows implements FailedSource {
  readonly name = "rejected-rows";
  readonly #options: RejectedRowsOptions;

  constructor(options: RejectedRowsOptions) {
    this.#options = options;
  }

  async list(most: number): Promise<Listing> {
    const things = [...(await this.#counting()).values()].flat();
    return { things: things.slice(0, most), total: things.length };
  }

  /** Rejected rows cannot be retried: they would be rejected again. */
  async retry(): Promise<Retried> {
    const things = [...(await this.#counting()).values()].flat();
    const stayed = things.map((thing) => ({
      ...thing,
      reason: `${thing.reason}; correct the producer and export the ${documentModel.noun} again`,
    }));
    return { retried: 0, stayed, untouched: 0 };
  }

  /** Deletes a file if all of its rows may be purged. */
  async purge(listing: Listing): Promise<number> {
    const { s3, bucket } = this.#options;
    const isNamed = mayBePurged(listing);
    let purged = 0;
    for (const [key, things] of await this.#counting()) {
      if (!things.every(({ id }) => isNamed(id))) continue;
      await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [{ Key: key }] } }));
      purged += things.length;
    }
    return purged;
  }

  /** Grouped by file, oldest first. */
  async #counting(): Promise<Map<string, FailedThing[]>> {
    const files = await this.#files();
    const found = new Map<string, FailedThing[]>();
    await inParallel(files, readsAtOnce, async (file) => {
      const things = await this.#thingsOf(file);
      if (things.length > 0) found.set(file.key, things);
    });
    return new Map(
      files.flatMap(({ key }) => (found.has(key) ? [[key, found.get(key) ?? []] as const] : [])),
    );
  }

  async #files(): Promise<RejectedFile[]> {
    const { s3, bucket } = this.#options;
    const files: RejectedFile[] = [];
    for (let last: string | undefined, more = true; more; ) {
      const { Contents = [], IsTruncated = false } = await s3.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: rejectedRowsFolder,
          ...(last !== undefined && { StartAfter: last }),
        }),
      );
      for (const { Key: key = "", LastModified } of Contents) {
        const runId = runOfRejectedRows(key);
        if (runId !== undefined)
          files.push({ key, runId, since: (LastModified ?? new Date(0)).toISOString() });
      }
      last = Contents.at(-1)?.Key;
      more = IsTruncated;
    }
    return files.sort((a, b) => (a.since < b.since ? -1 : 1));
  }

  /** Empty for a superseded run, or a file that was deleted in the meantime. */
  async #thingsOf({ key, runId, since }: RejectedFile): Promise<FailedThing[]> {
    const { s3, bucket, runs } = this.#options;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const text = Buffer.from((await Body?.transformToByteArray()) ?? []).toString();
    const rows = text.split("\n").flatMap((line) => rejectedRow.safeParse(jsonOf(line)).data ?? []);
    const document = rows.flatMap(
      (row) => documentModel.namedIn(row) ?? documentModel.namedIn(jsonOf(row.row)) ?? [],
    )[0];
    if (document !== undefined) {
      const current = await runs.current(document);
      if (current?.runId !== runId || current.state !== "ACTIVE") return [];
    }
    const ids = document ? documentModel.toStored(document) : unknownIds;
    return rows.map(({ file, line_number, reason }) => ({
      id: `${runId}-${file}-${line_number}`,
      since,
      ...ids,
      entity: `row in line ${line_number} of the ${file} file`,
      reason,
    }));
  }
}
