import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { ShardName } from "../../../contract/collections.ts";
import { unlessConditionFailed } from "../../conditional-write.ts";
import { collectionKey } from "../lease/collection-key.ts";
import type { Lease } from "../lease/lease.ts";
import type { PastGeneration } from "./generation-history.ts";
import type { GenerationReader } from "./generation-reader.ts";
import { databaseFolder, indexFile, manifestFile } from "./manifest.ts";

const blockBytes = 4096;
const metadataBytes = 2048;

/**
 * The size that EFS meters for the published generations of a shard. A file that several generations share by hard
 * links counts once.
 */
export async function storedBytes(
  generations: GenerationReader,
  published: readonly PastGeneration[],
): Promise<number> {
  const seen = new Set<number>();
  let bytes = 0;
  for (const path of await filesOf(generations, published)) {
    const found = await statIfThere(path);
    if (found === undefined || seen.has(found.ino)) continue;
    seen.add(found.ino);
    bytes += Math.ceil(found.size / blockBytes) * blockBytes + metadataBytes;
  }
  return bytes;
}

/** Files of the published generations, and of the databases and segments that they refer to. */
async function filesOf(
  generations: GenerationReader,
  published: readonly PastGeneration[],
): Promise<Set<string>> {
  const files = new Set<string>();
  const databases = new Set<string>();
  for (const { name, manifest } of published) {
    databases.add(name);
    if (manifest?.database) databases.add(manifest.database);
    for (const segment of manifest?.segments ?? []) files.add(generations.segments.pathOf(segment.name));
  }
  for (const name of databases) {
    const own = (await generations.manifestIfReadable(name))?.files ?? [];
    const inside = own.map(({ path }) => join(databaseFolder, path));
    for (const path of [manifestFile, indexFile, ...inside]) files.add(join(generations.pathOf(name), path));
  }
  return files;
}

interface Control {
  readonly client: DynamoDBDocumentClient;
  readonly controlTable: string;
}

/**
 * Records the size for processes without access to the files, such as the sweeper. A holder that has lost its lease
 * records nothing.
 */
export async function recordStoredBytes(
  { client, controlTable }: Control,
  shard: ShardName,
  { condition }: Pick<Lease, "condition">,
  bytes: number,
): Promise<void> {
  await unlessConditionFailed(
    client.send(
      new UpdateCommand({
        TableName: controlTable,
        Key: collectionKey(shard),
        UpdateExpression: "SET stored_bytes = :bytes",
        ConditionExpression: condition.expression,
        ExpressionAttributeValues: { ":bytes": bytes, ...condition.values },
      }),
    ),
  );
}

const recorded = z.object({ head_name: z.string().optional(), stored_bytes: z.number().optional() });

/** The sum over these shards; undefined while one of them has published but not recorded its size. */
export async function recordedBytes(
  { client, controlTable }: Control,
  shards: readonly ShardName[],
): Promise<number | undefined> {
  const each = await Promise.all(
    shards.map(async (shard) => {
      const { Item } = await client.send(
        new GetCommand({ TableName: controlTable, Key: collectionKey(shard) }),
      );
      const { head_name, stored_bytes } = recorded.parse(Item ?? {});
      return head_name === undefined ? 0 : stored_bytes;
    }),
  );
  return each.reduce<number | undefined>(
    (sum, bytes) => (sum === undefined || bytes === undefined ? undefined : sum + bytes),
    0,
  );
}

async function statIfThere(path: string) {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}
