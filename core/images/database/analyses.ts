import * as z from "zod";
import type { Database, Statements } from "./database.ts";

/** The stored state of an input before a model is called. */
const start = z.object({
  current: z.number(),
  known: z.number(),
  content_id: z.string().nullable(),
  content_version: z.number().nullable(),
  newest_version: z.number().nullable(),
  twin_id: z.string().nullable(),
  usd_today: z.coerce.number(),
  claimed: z.number(),
});
const storedAnswer = z.object({
  raw_response: z.string(),
  provider_used: z.string(),
  model_used: z.string(),
});
const lockedItem = z.object({ object_sequencer: z.string(), deleted: z.boolean() });

export interface AnalysisInput {
  readonly analysisId: string;
  readonly inputHash: string;
  readonly contentSha256: string;
  readonly itemId: string;
  readonly userId: string;
  /** The padded sequencer of the object's version that is analyzed. */
  readonly sequencer: string;
}

export type AnalysisStart =
  /** The item was deleted, or a newer version of its object exists. */
  | { readonly kind: "superseded" }
  /**
   * The analysis is stored. `analysisId` is the newest one of the same content, which may be from a reanalysis.
   * `isNewest` is false if the item had other content in between.
   */
  | { readonly kind: "known"; readonly analysisId: string; readonly isNewest: boolean }
  /** Another process is analyzing it. */
  | { readonly kind: "claimed" }
  /** This process holds the claim. `twinId` is an analysis of the same content by the same user. */
  | { readonly kind: "open"; readonly twinId: string | undefined; readonly usdToday: number };

export interface NewAnalysis {
  readonly category: string;
  readonly summary: string;
  readonly rawResponse: object;
  readonly provider: string;
  readonly model: string;
  readonly traceId: string | undefined;
  readonly requestId: string | undefined;
  readonly promptVersion: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
}

export interface StoredAnswer {
  readonly raw: unknown;
  readonly provider: string;
  readonly model: string;
}

export interface Spent {
  readonly costUsd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const today = "(now() at time zone 'utc')::date";

/** The analyses of items. Versions only increase, and there is one per content, prompt and model. */
export class Analyses {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Looks up an input and claims it for `claimSeconds`, in one call. */
  async start(input: AnalysisInput, holder: string, claimSeconds: number): Promise<AnalysisStart> {
    const [row] = await this.#database.query(
      start,
      `with item as (
         select id from items
         where user_id = :user and id = :item and not deleted and object_sequencer = :sequencer
       ), known as (
         select 1 from analyses where user_id = :user and item_id = :item and input_hash = :hash
       ), of_content as (
         select id, version from analyses where user_id = :user and item_id = :item and content_sha256 = :sha
         order by version desc limit 1
       ), claimed as (
         insert into claims (analysis_id, holder, expires_at)
         select :id, :holder, now() + make_interval(secs => :seconds)
         where exists (select 1 from item) and not exists (select 1 from known)
         on conflict (analysis_id) do update set holder = excluded.holder, expires_at = excluded.expires_at
         where claims.expires_at < now() or claims.holder = excluded.holder
         returning 1
       )
       select
         (select count(*)::int from item) as current,
         (select count(*)::int from known) as known,
         (select id from of_content) as content_id,
         (select version from of_content) as content_version,
         (select max(version) from analyses where user_id = :user and item_id = :item) as newest_version,
         (select id from analyses where user_id = :user and input_hash = :hash limit 1) as twin_id,
         coalesce((select usd from spending where day = ${today}), 0)::text as usd_today,
         (select count(*)::int from claimed) as claimed`,
      { ...parametersOf(input), holder, seconds: claimSeconds },
    );
    if (row === undefined || row.current === 0) return { kind: "superseded" };
    if (row.known > 0 && row.content_id !== null) {
      const isNewest = row.content_version === row.newest_version;
      return { kind: "known", analysisId: row.content_id, isNewest };
    }
    if (row.claimed === 0) return { kind: "claimed" };
    return { kind: "open", twinId: row.twin_id ?? undefined, usdToday: row.usd_today };
  }

  async release(analysisId: string, holder: string): Promise<void> {
    await this.#database.execute("delete from claims where analysis_id = :id and holder = :holder", {
      id: analysisId,
      holder,
    });
  }

  /** Returns the stored answer of an analysis, with its provider and model. */
  async answer(userId: string, analysisId: string): Promise<StoredAnswer | undefined> {
    const [row] = await this.#database.query(
      storedAnswer,
      `select raw_response::text as raw_response, provider_used, model_used from analyses
       where user_id = :user and id = :id`,
      { user: userId, id: analysisId },
    );
    if (row === undefined) return undefined;
    return { raw: JSON.parse(row.raw_response), provider: row.provider_used, model: row.model_used };
  }

  /**
   * Stores an analysis as the next version, books its cost and releases the claim. If the item has changed meanwhile,
   * only books the cost. Returns whether the analysis was stored.
   */
  store(input: AnalysisInput, analysis: NewAnalysis): Promise<boolean> {
    return this.#database.transaction(async (statements) => {
      const isCurrent = await lock(statements, input);
      if (isCurrent) await insert(statements, input, analysis);
      await book(statements, analysis, input.analysisId);
      return isCurrent;
    });
  }

  /**
   * Makes the newest analysis of the input's content the newest of its item, which had other content in between.
   * Returns whether the item still has this content.
   */
  promote(input: AnalysisInput): Promise<boolean> {
    return this.#database.transaction(async (statements) => {
      if (!(await lock(statements, input))) return false;
      await statements.execute(
        `update analyses set version = (select max(version) + 1 from analyses where user_id = :user and item_id = :item)
         where user_id = :user and id = (
           select id from analyses where user_id = :user and item_id = :item and content_sha256 = :sha
           order by version desc limit 1)`,
        { user: input.userId, item: input.itemId, sha: input.contentSha256 },
      );
      return true;
    });
  }

  /** Marks the version of the item's object as one that no model describes: its message is a dead letter. */
  async markRefused({ userId: user, itemId: item, sequencer }: AnalysisInput): Promise<void> {
    await this.#database.execute(
      "update items set refused = :sequencer where user_id = :user and id = :item and object_sequencer = :sequencer",
      { user, item, sequencer },
    );
  }

  /** Books the cost of an unusable answer. */
  async bookSpent(spent: Spent): Promise<void> {
    await this.#database.transaction((statements) => book(statements, spent, ""));
  }
}

/**
 * Locks the item's row, so that the next version is computed after every earlier commit. Returns whether the item is still
 * at this version of its object.
 */
async function lock({ query }: Statements, { userId, itemId, sequencer }: AnalysisInput): Promise<boolean> {
  const [item] = await query(
    lockedItem,
    "select object_sequencer, deleted from items where user_id = :user and id = :item for update",
    { user: userId, item: itemId },
  );
  return item !== undefined && !item.deleted && item.object_sequencer === sequencer;
}

async function insert({ execute }: Statements, input: AnalysisInput, analysis: NewAnalysis): Promise<void> {
  await execute(
    `insert into analyses (id, item_id, user_id, version, input_hash, content_sha256, category, summary, raw_response,
       provider_used, model_used, trace_id, provider_request_id, input_tokens, output_tokens, cost_usd, prompt_version)
     select :id, :item, :user, coalesce(max(version), 0) + 1, :hash, :sha, :category, :summary, :raw::jsonb,
       :provider, :model, :trace, :request, :inputTokens, :outputTokens, :cost::numeric, :prompt
     from analyses where user_id = :user and item_id = :item
     on conflict (id) do nothing`,
    {
      id: input.analysisId,
      hash: input.inputHash,
      sha: input.contentSha256,
      item: input.itemId,
      user: input.userId,
      category: analysis.category,
      summary: analysis.summary,
      raw: JSON.stringify(analysis.rawResponse),
      provider: analysis.provider,
      model: analysis.model,
      trace: analysis.traceId ?? null,
      request: analysis.requestId ?? null,
      inputTokens: analysis.inputTokens,
      outputTokens: analysis.outputTokens,
      cost: String(analysis.costUsd),
      prompt: analysis.promptVersion,
    },
  );
}

async function book({ execute }: Statements, spent: Spent, analysisId: string): Promise<void> {
  await execute(
    `with released as (delete from claims where analysis_id = :id)
     insert into spending (day, usd, input_tokens, output_tokens)
     values (${today}, :cost::numeric, :inputTokens, :outputTokens)
     on conflict (day) do update set usd = spending.usd + excluded.usd,
       input_tokens = spending.input_tokens + excluded.input_tokens,
       output_tokens = spending.output_tokens + excluded.output_tokens`,
    {
      id: analysisId,
      cost: String(spent.costUsd),
      inputTokens: spent.inputTokens,
      outputTokens: spent.outputTokens,
    },
  );
}

function parametersOf({
  analysisId: id,
  inputHash: hash,
  contentSha256: sha,
  itemId: item,
  userId: user,
  sequencer,
}: AnalysisInput) {
  return { id, hash, sha, item, user, sequencer };
}
