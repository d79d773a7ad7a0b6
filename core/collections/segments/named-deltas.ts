import { hash } from "node:crypto";
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { ShardName } from "../../../contract/collections.ts";
import { unlessConditionFailed } from "../../conditional-write.ts";
import { readItem } from "../../unreadable-item.ts";

/** Length of a shortened hash of a delta's key. A collision only keeps a delta for longer. */
const nameBytes = 8;

const namedItem = z.object({
  names: z.instanceof(Uint8Array),
  /** Token of the last lease that wrote it; it only grows. */
  token: z.int(),
  version: z.int(),
});

interface ControlTable {
  readonly client: DynamoDBDocumentClient;
  readonly controlTable: string;
}

/**
 * The deltas that kept generations of a shard name, recorded in the control table for processes without access to the
 * files. The sweeper keeps these deltas. The list may contain more than the generations name but never less, because a
 * publish adds its deltas before the head moves.
 */
export class NamedDeltas {
  readonly #table: ControlTable;
  readonly #shard: ShardName;

  constructor(table: ControlTable, shard: ShardName) {
    this.#table = table;
    this.#shard = shard;
  }

  /** Resolves to false, and adds nothing, if a later lease holder has written. */
  add(deltaKeys: Iterable<string>, token: number): Promise<boolean> {
    return this.#write(token, (before) => new Set([...before, ...Array.from(deltaKeys, nameOf)]));
  }

  /** Drops all other names. Call it only if no kept generation names any other delta. */
  keepOnly(deltaKeys: Iterable<string>, token: number): Promise<boolean> {
    const names = new Set(Array.from(deltaKeys, nameOf));
    return this.#write(token, () => names);
  }

  async has(deltaKey: string): Promise<boolean> {
    return (await this.#read()).names.has(nameOf(deltaKey));
  }

  /**
   * Writes the token even if the names are unchanged, so that a holder that has lost its lease cannot drop names that a
   * later one relies on.
   */
  async #write(
    token: number,
    change: (before: ReadonlySet<string>) => ReadonlySet<string>,
  ): Promise<boolean> {
    const { client, controlTable } = this.#table;
    for (;;) {
      const read = await this.#read();
      if (read.token > token) return false;
      const names = Buffer.from([...change(read.names)].join(""), "hex");
      if (read.version === 0 && names.length === 0) return true;
      const written = await unlessConditionFailed(
        client.send(
          new PutCommand({
            TableName: controlTable,
            Item: { ...this.#key(), names, token, version: read.version + 1 },
            ConditionExpression: read.version === 0 ? "attribute_not_exists(version)" : "version = :seen",
            ...(read.version > 0 && { ExpressionAttributeValues: { ":seen": read.version } }),
          }),
        ),
      );
      if (written) return true;
    }
  }

  async #read(): Promise<{ names: ReadonlySet<string>; token: number; version: number }> {
    const { client, controlTable } = this.#table;
    const { Item } = await client.send(
      new GetCommand({ TableName: controlTable, Key: this.#key(), ConsistentRead: true }),
    );
    if (Item === undefined) return { names: new Set(), token: 0, version: 0 };
    const { names, token, version } = readItem(namedItem, "list of named deltas", Item);
    const digits = Buffer.from(names).toString("hex");
    const each = new RegExp(`.{${2 * nameBytes}}`, "g");
    return { names: new Set(digits.match(each)), token, version };
  }

  #key(): { PK: string; SK: string } {
    return { PK: `COLLECTION#${this.#shard}`, SK: "NAMED_DELTAS" };
  }
}

function nameOf(deltaKey: string): string {
  return hash("sha256", deltaKey).slice(0, 2 * nameBytes);
}
