import * as z from "zod";
import type { Database } from "./database.ts";

const state = z.object({
  id: z.string(),
  user_id: z.string(),
  bucket: z.string(),
  object_key: z.string(),
  object_sequencer: z.string(),
  etag: z.string().nullable(),
  content_sha256: z.string().nullable(),
  analysis_id: z.string().nullable(),
  embedded_analysis_id: z.string().nullable(),
});

/** An item that is not deleted, with its newest analysis and the analysis of its vector. */
export type ItemState = z.infer<typeof state>;

const shownAnalysis = z.object({
  id: z.string(),
  version: z.number(),
  category: z.string().nullable(),
  summary: z.string().nullable(),
  provider_used: z.string(),
  model_used: z.string(),
  input_tokens: z.number(),
  output_tokens: z.number(),
  cost_usd: z.coerce.number(),
  trace_id: z.string().nullable(),
  provider_request_id: z.string().nullable(),
  created_at: z.string(),
});

export type ShownAnalysis = z.infer<typeof shownAnalysis>;

const pageSize = 500;

const states = `
  select i.id, i.user_id, i.bucket, i.object_key, i.object_sequencer, i.etag, i.content_sha256, i.refused,
    (select a.id from analyses a where a.user_id = i.user_id and a.item_id = i.id order by a.version desc limit 1) as analysis_id,
    e.analysis_id as embedded_analysis_id
  from items i left join embeddings e on e.item_id = i.id and e.user_id = i.user_id`;

/** The states of items, for operators. */
export class ItemStates {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Yields all items, or all items of a user, page by page. */
  async *all(userId?: string): AsyncGenerator<ItemState> {
    for (let after = ""; ; ) {
      const page = await this.#database.query(
        state,
        `${states} where not i.deleted and i.id > :after and (:user = '' or i.user_id = :user) order by i.id limit ${pageSize}`,
        { after, user: userId ?? "" },
      );
      yield* page;
      if (page.length < pageSize) return;
      after = page.at(-1)?.id ?? "";
    }
  }

  /** Finds an item by its id or by its key in the bucket. */
  async find(item: string): Promise<ItemState | undefined> {
    const [found] = await this.#database.query(
      state,
      `${states} where not i.deleted and (i.id = :item or i.object_key = :item) order by i.id limit 1`,
      { item },
    );
    return found;
  }

  /**
   * Counts the items whose object changed more than these minutes ago and whose newest analysis has no vector. A refused one is a
   * dead letter with an alarm of its own, and nothing will finish it.
   */
  async countUnfinished(minutes: number): Promise<number> {
    const [row] = await this.#database.query(
      z.object({ unfinished: z.number() }),
      `select count(*)::int as unfinished from (${states} where not i.deleted
         and i.updated_at < now() - make_interval(mins => :minutes::int)) as old
       where (embedded_analysis_id is distinct from analysis_id or analysis_id is null)
         and refused is distinct from coalesce(analysis_id, object_sequencer)`,
      { minutes },
    );
    return row?.unfinished ?? 0;
  }

  /** Returns the analyses of an item, newest first. */
  analysesOf({ user_id: user, id: item }: ItemState): Promise<ShownAnalysis[]> {
    return this.#database.query(
      shownAnalysis,
      `select id, version, category, summary, provider_used, model_used, input_tokens, output_tokens,
         cost_usd::text as cost_usd, trace_id, provider_request_id, created_at::text as created_at
       from analyses where user_id = :user and item_id = :item order by version desc`,
      { user, item },
    );
  }
}
