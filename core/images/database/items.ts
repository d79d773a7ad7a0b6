import * as z from "zod";
import type { Database } from "./database.ts";

const item = z.object({
  id: z.string(),
  user_id: z.string(),
  bucket: z.string(),
  object_key: z.string(),
  object_sequencer: z.string(),
  content_sha256: z.string().nullable(),
  deleted: z.boolean(),
});

export type Item = z.infer<typeof item>;

const columns = "id, user_id, bucket, object_key, object_sequencer, content_sha256, deleted";

export interface ObjectVersion {
  readonly bucket: string;
  readonly key: string;
  readonly userId: string;
  /** The preferred id, used unless another key has it. */
  readonly name: string | undefined;
  /** The id if the preferred one is taken. */
  readonly ownId: string;
  /** The padded sequencer. */
  readonly sequencer: string;
}

export interface ImageFacts {
  readonly etag: string;
  readonly contentSha256: string;
  readonly mimeType: string;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Only the first key gets its name as its id, because two names may be equal without their extension, even of different
 * users.
 */
const newId = `case
  when :name <> '' and not exists (
    select 1 from items where id = :name and not (bucket = :bucket and object_key = :key))
  then :name else :ownId end`;

/** The items of objects: one row per key, with the state of the key's newest event. */
export class Items {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Records a version of an object unless a newer event is recorded. Returns the resulting row. */
  async recordCreated(version: ObjectVersion, facts: ImageFacts): Promise<Item> {
    const [row] = await this.#database.query(
      item,
      `with written as (
         insert into items (id, user_id, bucket, object_key, object_sequencer, etag, content_sha256, mime_type, bytes, width, height)
         select ${newId}, :user, :bucket, :key, :sequencer, :etag, :sha, :mime, :bytes, :width, :height
         on conflict (bucket, object_key) do update set
           object_sequencer = excluded.object_sequencer, etag = excluded.etag, content_sha256 = excluded.content_sha256,
           mime_type = excluded.mime_type, bytes = excluded.bytes, width = excluded.width, height = excluded.height,
           deleted = false, updated_at = now()
         where items.object_sequencer < excluded.object_sequencer
         returning ${columns}
       )
       select ${columns} from written
       union all
       select ${columns} from items
       where user_id = :user and bucket = :bucket and object_key = :key and not exists (select 1 from written)`,
      {
        ...parametersOf(version),
        etag: facts.etag,
        sha: facts.contentSha256,
        mime: facts.mimeType,
        bytes: facts.bytes,
        width: facts.width,
        height: facts.height,
      },
    );
    // The statement does not return a row that another transaction committed while it ran.
    return row ?? this.#existing(version);
  }

  /**
   * Marks the item of a deleted object and removes its analyses and embedding, unless a newer event is recorded. Keeps
   * the row, so that a late event of an older version is recognized.
   */
  async recordDeleted(version: ObjectVersion): Promise<Item> {
    await this.#database.transaction(async ({ execute }) => {
      const changed = await execute(
        `insert into items (id, user_id, bucket, object_key, object_sequencer, deleted)
         select ${newId}, :user, :bucket, :key, :sequencer, true
         on conflict (bucket, object_key) do update set
           object_sequencer = excluded.object_sequencer, deleted = true, etag = null, content_sha256 = null, updated_at = now()
         where items.object_sequencer < excluded.object_sequencer`,
        parametersOf(version),
      );
      if (changed === 0) return;
      // The foreign key deletes the embedding with its analysis.
      await execute(
        `delete from analyses where user_id = :user
         and item_id = (select id from items where user_id = :user and bucket = :bucket and object_key = :key)`,
        { user: version.userId, bucket: version.bucket, key: version.key },
      );
    });
    return this.#existing(version);
  }

  /** Returns the item of an object, even if it is deleted. */
  async of({
    userId,
    bucket,
    key,
  }: Pick<ObjectVersion, "userId" | "bucket" | "key">): Promise<Item | undefined> {
    const [found] = await this.#database.query(
      item,
      `select ${columns} from items where user_id = :user and bucket = :bucket and object_key = :key`,
      { user: userId, bucket, key },
    );
    return found;
  }

  async #existing(version: ObjectVersion): Promise<Item> {
    const found = await this.of(version);
    if (found === undefined) throw new Error(`The item of ${version.bucket}/${version.key} was not written`);
    return found;
  }
}

function parametersOf({ bucket, key, userId, name, ownId, sequencer }: ObjectVersion) {
  return { bucket, key, user: userId, name: name ?? "", ownId, sequencer };
}
