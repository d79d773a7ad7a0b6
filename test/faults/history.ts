import { unmarshall } from "@aws-sdk/util-dynamodb";
import { type Collection, collections } from "../../contract/collections.ts";
import type { Stack } from "./stack.ts";

/** The item of a shard, as it stood after one write. */
export interface ShardItem {
  readonly owner: string | undefined;
  readonly token: number;
  readonly counter: number;
  readonly foldOwner: string | undefined;
  readonly foldToken: number;
  readonly foldCounter: number;
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
      token: Number(image.lease_token ?? 0),
      counter: Number(image.lease_counter),
      foldOwner: image.fold_owner,
      foldToken: Number(image.fold_token ?? 0),
      foldCounter: Number(image.fold_counter ?? 0),
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
    const [number = "", publisher = ""] = item.head?.split("-") ?? [];
    // A base may have been written before it became the head; then its number is the next one still.
    const isHolders = [item.token, item.foldToken].includes(Number(publisher));
    if (item.head !== before?.head && !isHolders) {
      problems.push(`${collection}: ${number} was published under token ${publisher}, of no holder`);
    }
    const leases = [
      [item.owner, item.token, item.counter, before?.owner, before?.token, before?.counter],
      [
        item.foldOwner,
        item.foldToken,
        item.foldCounter,
        before?.foldOwner,
        before?.foldToken,
        before?.foldCounter,
      ],
    ] as const;
    const highest = Math.max(before?.token ?? 0, before?.foldToken ?? 0);
    for (const [owner, token, counter, ownerBefore, tokenBefore = 0, counterBefore = 0] of leases) {
      const isTaking = owner !== undefined && owner !== ownerBefore;
      const due = isTaking ? highest + 1 : tokenBefore;
      if (token !== due) problems.push(`${collection}: token ${token} came after ${highest}`);
      if (!isTaking && counter < counterBefore)
        problems.push(`${collection}: the counter of token ${token} went back to ${counter}`);
    }
  });
  return problems;
}
