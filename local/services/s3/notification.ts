import { element } from "../../endpoint/xml.ts";
import { AwsError, type Reply } from "../../protocol/service.ts";
import type { ObjectStore } from "./object-store.ts";

/** Queues, topics and functions are reached by rules of EventBridge. */
const otherDestinations = /<(Queue|Topic|CloudFunction)Configuration>/;
const toEventBridge = /<EventBridgeConfiguration\s*(\/>|>)/;

/** Replaces the whole configuration, as S3 does. Throws NotImplemented. */
export function putNotification(objects: ObjectStore, bucket: string, body: Buffer): Reply {
  const xml = body.toString("utf8");
  const other = otherDestinations.exec(xml)?.[1];
  if (other !== undefined) {
    throw new AwsError(501, "NotImplemented", `The local S3 notifies EventBridge alone, and no ${other}.`);
  }
  if (toEventBridge.test(xml)) objects.announced.add(bucket);
  else objects.announced.delete(bucket);
  return { status: 200, headers: {}, body: "" };
}

export function getNotification(objects: ObjectStore, bucket: string): Reply {
  const configuration = objects.announced.has(bucket) ? [element("EventBridgeConfiguration")] : [];
  return {
    status: 200,
    headers: { "content-type": "application/xml" },
    body: element("NotificationConfiguration", ...configuration),
  };
}
