import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { ShardName } from "../../contract/collections.ts";
import { QueueWithDlq, type QueueWithDlqArgs } from "./queue-with-dlq.ts";

/** The queues of one collection: one per shard, in shard order. */
export interface CollectionQueues {
  /** By shard name. */
  readonly byShard: ReadonlyMap<ShardName, QueueWithDlq>;
  readonly queues: readonly aws.sqs.Queue[];
  readonly deadLetters: readonly aws.sqs.Queue[];
}

/** Declares the queues of a collection's shards. */
export function collectionQueues(
  stem: string,
  shards: readonly ShardName[],
  args: QueueWithDlqArgs,
  options: pulumi.ComponentResourceOptions,
): CollectionQueues {
  const byShard = new Map(
    shards.map((shard) => [shard, new QueueWithDlq(`${stem}-${shard}`, args, options)]),
  );
  const all = [...byShard.values()];
  return {
    byShard,
    queues: all.map(({ queue }) => queue),
    deadLetters: all.map(({ deadLetters }) => deadLetters),
  };
}

/** URLs of queues as a process reads them from its environment. */
export function urlsOf(queues: readonly aws.sqs.Queue[]): pulumi.Output<string> {
  return pulumi.all(queues.map(({ url }) => url)).apply((urls) => urls.join(","));
}
