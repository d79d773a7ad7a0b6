import * as z from "zod";
import type { Database } from "./database.ts";

const source = z.object({
  id: z.string(),
  item_id: z.string(),
  user_id: z.string(),
  version: z.number(),
  raw_response: z.string(),
  is_newest: z.boolean(),
  is_embedded: z.boolean(),
});

export interface EmbeddingSource {
  readonly analysisId: string;
  readonly itemId: string;
  readonly userId: string;
  readonly version: number;
  readonly rawResponse: unknown;
  /** False if a newer analysis of the item exists, whose own event embeds it. */
  readonly isNewest: boolean;
  /** Whether a vector of this analysis by the same model is stored. */
  readonly isEmbedded: boolean;
}

export interface NewEmbedding {
  readonly vector: readonly number[];
  readonly model: string;
  readonly document: string;
}

/** One vector per item: the vector of its newest analysis. */
export class Embeddings {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Returns the text to embed. Undefined if the analysis does not exist or its item was deleted. */
  async source(userId: string, analysisId: string, model: string): Promise<EmbeddingSource | undefined> {
    const [row] = await this.#database.query(
      source,
      `select a.id, a.item_id, a.user_id, a.version, a.raw_response::text as raw_response,
         not exists (select 1 from analyses n where n.user_id = :user and n.item_id = a.item_id and n.version > a.version) as is_newest,
         exists (select 1 from embeddings e where e.user_id = :user and e.item_id = a.item_id
           and e.analysis_id = a.id and e.analysis_version = a.version and e.embedding_model = :model) as is_embedded
       from analyses a join items i on i.id = a.item_id
       where a.user_id = :user and a.id = :id and not i.deleted`,
      { user: userId, id: analysisId, model },
    );
    if (row === undefined) return undefined;
    return {
      analysisId: row.id,
      itemId: row.item_id,
      userId: row.user_id,
      version: row.version,
      rawResponse: JSON.parse(row.raw_response),
      isNewest: row.is_newest,
      isEmbedded: row.is_embedded,
    };
  }

  /** Marks the item's analysis as one that is not embedded: its message is a dead letter. */
  async markRefused({ userId: user, itemId: item, analysisId: id }: EmbeddingSource): Promise<void> {
    await this.#database.execute("update items set refused = :id where user_id = :user and id = :item", {
      user,
      item,
      id,
    });
  }

  /** Stores a vector unless a newer analysis already has one or the analysis was deleted. Returns whether it did. */
  async store(of: EmbeddingSource, { vector, model, document }: NewEmbedding): Promise<boolean> {
    const changed = await this.#database.execute(
      `insert into embeddings (item_id, analysis_id, analysis_version, user_id, vector, embedding_model, embedding_dimensions, embedding_source)
       select item_id, id, version, user_id, :vector::vector, :model, :dimensions, :source::jsonb
       from analyses where user_id = :user and id = :id
       on conflict (item_id) do update set
         analysis_id = excluded.analysis_id, analysis_version = excluded.analysis_version, vector = excluded.vector,
         embedding_model = excluded.embedding_model, embedding_dimensions = excluded.embedding_dimensions,
         embedding_source = excluded.embedding_source, created_at = now()
       where embeddings.analysis_version < excluded.analysis_version
         or (embeddings.analysis_version = excluded.analysis_version and embeddings.embedding_model <> excluded.embedding_model)`,
      {
        user: of.userId,
        id: of.analysisId,
        vector: vectorText(vector),
        model,
        dimensions: vector.length,
        source: JSON.stringify({ document }),
      },
    );
    return changed > 0;
  }
}

/** Formats a vector for pgvector with the seven significant digits of float32. */
export function vectorText(vector: readonly number[]): string {
  return `[${vector.map((value) => Number(value.toPrecision(7))).join(",")}]`;
}
