import { unmarshall } from "@aws-sdk/util-dynamodb";
import { type Collection, collections } from "../../contract/collections.ts";
import type { Stack } from "./stack.ts";

/** The item of a shard, as it stood after one write. */
export interface ShardItem {
  readonly owner: string | undefined;
  readonly token: number;
  readonly counter: number;
  readonly head: string | undefined;
  readonly base: string | undefined;
}

export interface ShardHistory {
  readonly items: readonly ShardItem[];
  /** The name of what is published. */
  readonly head: string | undefined;
}

export interface History {
  readonly shards: Readonly<Record<Collection, ShardHistory>>;
  readonly problems: readonly string[];
}

const seen = new WeakMap<Stack, { readonly collection: Collection; readonly item: ShardItem }[]>();

/** All that was ever written of leases and heads, from the table's stream, and what of it must not be. */
export async function historyOf(stack: Stack): Promise<History> {
  const all = seen.get(stack) ?? [];
  seen.set(stack, all);
  for (const record of await stack.controlStream.next()) {
    const { dynamodb } = record as { dynamodb: { NewImage?: Parameters<typeof unmarshall>[0] } };
    const image = dynamodb.NewImage && unmarshall(dynamodb.NewImage);
    const [kind, shard] = String(image?.PK).split("#");
    if (kind !== "COLLECTION" || image?.SK !== "HEAD") continue;
    const item = {
      owner: image.lease_owner,
      token: Number(image.lease_token),
      counter: Number(image.lease_counter),
      head: image.head_name,
      base: image.head_base ?? undefined,
    };
    all.push({ collection: shard as Collection, item });
  }
  const of = (collection: Collection): ShardHistory => {
    const items = all.filter((one) => one.collection === collection).map(({ item }) => item);
    return { items, head: items.at(-1)?.head };
  };
  const shards = { lines: of("lines"), words: of("words") };
  return {
    shards,
    problems: collections.flatMap((collection) => wrongs(collection, shards[collection].items)),
  };
}

function wrongs(collection: Collection, items: readonly ShardItem[]): string[] {
  const problems: string[] = [];
  items.forEach((item, position) => {
    const before = items[position - 1];
    if (item.head !== before?.head && item.base !== before?.head) {
      problems.push(
        `${collection}: ${item.head} was made from ${item.base} and took the place of ${before?.head}`,
      );
    }
    if (item.head !== before?.head && Number(item.head?.split("-").at(-1)) !== item.token) {
      problems.push(`${collection}: ${item.head} was published under the lease with token ${item.token}`);
    }
    const isTaking = item.owner !== undefined && item.owner !== before?.owner;
    const due = (before?.token ?? 0) + (isTaking ? 1 : 0);
    if (item.token !== due) problems.push(`${collection}: token ${item.token} came after ${before?.token}`);
    const beaten = !isTaking && before !== undefined && item.counter < before.counter;
    if (beaten)
      problems.push(`${collection}: the counter of token ${item.token} went back to ${item.counter}`);
  });
  return problems;
}
