import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { QueueWithDlq, type QueueWithDlqArgs } from "./queue-with-dlq.ts";

/** The queues of one collection: one per shard, in shard order. */
export interface CollectionQueues {
  /** By name of the shard. */
  readonly byShard: ReadonlyMap<string, QueueWithDlq>;
  readonly queues: readonly aws.sqs.Queue[];
  readonly deadLetters: readonly aws.sqs.Queue[];
}

/**
 * Names of a collection's shards, in shard order. The name includes the number of shards, so that a shard never reads
 * messages of another number of shards. An unsharded collection is its only shard.
 */
export function shardNames(collection: string, count: number): string[] {
  if (count === 1) return [collection];
  return Array.from({ length: count }, (_, position) => `${collection}-${position + 1}of${count}`);
}

/** Declares the queues of a collection's shards. */
export function collectionQueues(
  stem: string,
  shards: readonly string[],
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
