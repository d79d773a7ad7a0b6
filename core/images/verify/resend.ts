import { CopyObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { ItemState } from "../database/item-states.ts";
import type { Items } from "../database/items.ts";
import {
  type AnalysisComplete,
  analysisCompleteEvent,
  type ImageProcessed,
  imageProcessedEvent,
  messageOf,
} from "../events/flow-events.ts";
import { parseImageKey } from "../events/image-key.ts";
import { renditionKeys, versionFolder } from "../events/rendition-keys.ts";
import { paddedSequencer } from "../events/sequencer.ts";
import type { ImageFinding } from "./image-finding.ts";

export interface ResendDeps {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly items: Items;
  readonly renditionsBucket: string;
  readonly queueUrls: { readonly analysis: string; readonly embedding: string };
}

/** Starts the step that a finding lacks. Steps that are done already cost nothing when they run again. */
export async function repairImage(finding: ImageFinding, deps: ResendDeps): Promise<void> {
  switch (finding.kind) {
    case "item-missing":
    case "item-stale":
      return touch(finding.bucket, finding.key, deps);
    case "item-extra":
      return forget(finding.item, deps);
    case "analysis-missing":
      return sendForAnalysis(finding.item, deps);
    case "embedding-missing":
    case "embedding-stale":
      return sendForEmbedding(finding.item, deps);
  }
}

/** `reanalysisId` asks for another answer although there is one. */
export async function sendForAnalysis(
  item: ItemState,
  { sqs, renditionsBucket, queueUrls }: Pick<ResendDeps, "sqs" | "renditionsBucket" | "queueUrls">,
  reanalysisId?: string,
): Promise<void> {
  const { id, user_id, bucket, object_key, object_sequencer: sequencer, content_sha256 } = item;
  const keys = renditionKeys(user_id, id, sequencer);
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
}

async function sendForEmbedding(item: ItemState, { sqs, queueUrls }: ResendDeps): Promise<void> {
  const { id: item_id, user_id, bucket, analysis_id } = item;
  const detail: AnalysisComplete = { item_id, user_id, bucket, analysis_id: analysis_id ?? "" };
  const MessageBody = messageOf(analysisCompleteEvent, detail);
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrls.embedding, MessageBody }));
}

/** Copies the object onto itself: S3 then sends an event with a sequencer that is newer than all before. */
async function touch(Bucket: string, Key: string, { s3 }: ResendDeps): Promise<void> {
  const CopySource = `${Bucket}/${Key.split("/").map(encodeURIComponent).join("/")}`;
  await s3.send(new CopyObjectCommand({ Bucket, Key, CopySource, MetadataDirective: "REPLACE" }));
}

/** The event of the deletion was lost: the row gets a sequencer just after its own. */
async function forget(item: ItemState, { items }: ResendDeps): Promise<void> {
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
}
