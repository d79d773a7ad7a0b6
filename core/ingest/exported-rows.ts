import { hash } from "node:crypto";
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import type { Collection } from "../../contract/collections.ts";
import type { EmbedMessage } from "../receipts/embed-message.ts";
import { formerTextFormats, textFormat } from "../receipts/embedded-texts.ts";
import { runIdOf } from "../runs/run-id.ts";
import type { RunRef } from "../runs/run-store.ts";
import { rowsFolder } from "./export-receipt.ts";

interface Candidate {
  readonly key: string;
  readonly contentHash: string;
}

/**
 * Reconstructs the embed message of a run: the two exported files whose content gives the run's id. Undefined if they
 * no longer exist, or lie under keys of their producer's choice. It has the run's revision. Rows of a run with an older
 * text format now give another run, whose revision is one higher, so that it becomes current.
 */
export async function embedMessageOf(
  s3: S3Client,
  bucket: string,
  run: RunRef,
  revision: number,
  made: { readonly model: string; readonly dimensions: number },
): Promise<EmbedMessage | undefined> {
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: bucket, Prefix: rowsFolder(run) }),
  );
  const keys = Contents.map(({ Key = "" }) => Key);
  const candidates = (collection: Collection) =>
    Promise.all(
      keys
        .filter((key) => key.slice(rowsFolder(run).length).startsWith(collection))
        .map(async (key): Promise<Candidate> => {
          const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
          return { key, contentHash: hash("sha256", (await Body?.transformToByteArray()) ?? "") };
        }),
    );
  const [lines, words] = await Promise.all([candidates("lines"), candidates("words")]);
  for (const format of [textFormat, ...formerTextFormats]) {
    for (const { key: lines_key, contentHash: linesHash } of lines) {
      const fits = words.find(
        ({ contentHash: wordsHash }) =>
          runIdOf({ ...run, ...made, linesHash, wordsHash, textFormat: format }) === run.runId,
      );
      if (fits === undefined) continue;
      const exported_at = format === textFormat ? revision : revision + 1;
      const receipt = { image_id: run.imageId, receipt_id: run.receiptId };
      return { ...receipt, artifacts_bucket: bucket, lines_key, words_key: fits.key, exported_at };
    }
  }
  return undefined;
}
