import { hash } from "node:crypto";
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import type { EmbedMessage } from "../receipts/embed-message.ts";
import { formerTextFormats, textFormat } from "../receipts/embedded-texts.ts";
import type { Collection } from "../receipts/receipt.ts";
import { runIdOf } from "../runs/run-id.ts";
import type { RunRef } from "../runs/run-store.ts";
import { rowsFolder } from "./export-receipt.ts";

interface Candidate {
  readonly key: string;
  readonly contentHash: string;
}

/**
 * The embed message that made a run: of all the rows that were ever exported of its receipt, the two files whose
 * content gives the run's id. Undefined where they are not there any more, or lie where their producer chose.
 * It says the run's own revision. Rows of a run of a former text format make another run by now: theirs is one later, so
 * that it counts.
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
