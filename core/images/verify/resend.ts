import { CopyObjectCommand, HeadObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { analysisCompleteEvent, imageProcessedEvent } from "../../../contract/images.ts";
import { objectExists } from "../../object-exists.ts";
import type { ItemState } from "../database/item-states.ts";
import type { Items } from "../database/items.ts";
import { type AnalysisComplete, type ImageProcessed, messageOf } from "../events/flow-events.ts";
import { parseImageKey } from "../events/image-key.ts";
import { renditionKeys, versionFolder } from "../events/rendition-keys.ts";
import { paddedSequencer } from "../events/sequencer.ts";
import { Renditions } from "../process/renditions.ts";
import type { ImageFinding } from "./image-finding.ts";

export interface ResendDeps {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly items: Items;
  readonly renditionsBucket: string;
  readonly queueUrls: { readonly analysis: string; readonly embedding: string };
}

/** Starts the missing step of a finding. Repeating finished steps costs nothing. */
export async function repairImage(finding: ImageFinding, deps: ResendDeps): Promise<void> {
  switch (finding.kind) {
    case "item-missing":
    case "item-stale":
      return touch(finding.bucket, finding.key, deps.s3);
    case "item-extra":
      return forget(finding.item, deps);
    case "analysis-missing":
      await sendForAnalysis(finding.item, deps);
      return;
    case "embedding-missing":
    case "embedding-stale":
      return sendForEmbedding(finding.item, deps);
  }
}

/**
 * Sends an item to the analyzer; `reanalysisId` requests another answer although there is one. If its analysis copy has
 * expired, touches the object instead, which processes it as a new upload. Returns which of both happened.
 */
export async function sendForAnalysis(
  item: ItemState,
  { s3, sqs, renditionsBucket, queueUrls }: Omit<ResendDeps, "items">,
  reanalysisId?: string,
): Promise<"sent" | "rendered-again"> {
  const { id, user_id, bucket, object_key, object_sequencer: sequencer, content_sha256 } = item;
  const keys = renditionKeys(user_id, id, sequencer);
  if (!(await objectExists(s3, { Bucket: renditionsBucket, Key: keys.analysis }))) {
    await touch(bucket, object_key, s3);
    return "rendered-again";
  }
  const detail: ImageProcessed = {
    item_id: id,
    user_id,
    bucket,
    original_key: object_key,
    thumbnail_key: keys.thumbnail,
    renditions_bucket: renditionsBucket,
    analysis_key: keys.analysis,
    content_sha256: content_sha256 ?? "",
    sequencer,
    ...(reanalysisId !== undefined && { reanalysis_id: reanalysisId }),
  };
  const MessageBody = messageOf(imageProcessedEvent, detail);
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrls.analysis, MessageBody }));
  return "sent";
}

async function sendForEmbedding(item: ItemState, { sqs, queueUrls }: ResendDeps): Promise<void> {
  const { id: item_id, user_id, bucket, analysis_id } = item;
  const detail: AnalysisComplete = { item_id, user_id, bucket, analysis_id: analysis_id ?? "" };
  const MessageBody = messageOf(analysisCompleteEvent, detail);
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrls.embedding, MessageBody }));
}

/**
 * Copies the object onto itself, so that S3 sends an event with a newer sequencer. Replaces the metadata with itself,
 * because S3 rejects a copy that changes nothing.
 */
async function touch(Bucket: string, Key: string, s3: S3Client): Promise<void> {
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  const CopySource = `${Bucket}/${Key.split("/").map(encodeURIComponent).join("/")}`;
  await s3.send(
    new CopyObjectCommand({
      Bucket,
      Key,
      CopySource,
      MetadataDirective: "REPLACE",
      Metadata: head.Metadata,
      ContentType: head.ContentType,
      CacheControl: head.CacheControl,
      ContentDisposition: head.ContentDisposition,
      ContentEncoding: head.ContentEncoding,
      ContentLanguage: head.ContentLanguage,
      StorageClass: head.StorageClass,
    }),
  );
}

/** Records a deletion whose event was lost, with a sequencer just after the row's own. */
async function forget(item: ItemState, { items, s3, renditionsBucket }: ResendDeps): Promise<void> {
  const { userId, name, ownId } = parseImageKey(item.bucket, item.object_key);
  const sequencer = paddedSequencer(`${versionFolder(item.object_sequencer)}1`);
  await items.recordDeleted({
    bucket: item.bucket,
    key: item.object_key,
    userId,
    name,
    ownId,
    sequencer,
  });
  await new Renditions({ s3, bucket: renditionsBucket }).removeBefore(userId, item.id, sequencer);
}
