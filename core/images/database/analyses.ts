import * as z from "zod";
import type { Database, Statements } from "./database.ts";

/** Before a model is asked: what is known of an input. */
const start = z.object({
  current: z.number(),
  known_id: z.string().nullable(),
  known_version: z.number().nullable(),
  newest_version: z.number().nullable(),
  twin_id: z.string().nullable(),
  usd_today: z.coerce.number(),
  claimed: z.number(),
});
const lockedItem = z.object({ object_sequencer: z.string(), deleted: z.boolean() });
const newVersion = z.object({ version: z.number() });

export interface AnalysisInput {
  readonly analysisId: string;
  readonly inputHash: string;
  readonly itemId: string;
  readonly userId: string;
  /** Of the object's version that is analyzed, padded. */
  readonly sequencer: string;
}

export type AnalysisStart =
  /** The item was deleted, or another version of its object is newer. */
  | { readonly kind: "superseded" }
  /** It is stored; `isNewest` is false if the item had other content in between. */
  | { readonly kind: "known"; readonly isNewest: boolean }
  /** Another process is asking a model about it. */
  | { readonly kind: "claimed" }
  /** This process has the claim. `twinId` is an analysis of the same content by the same user. */
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

export interface Spent {
  readonly costUsd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const today = "(now() at time zone 'utc')::date";

/** Analyses of items: versions that only grow, one per content, prompt and model. */
export class Analyses {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Looks an input up and claims it until `claimSeconds` have passed, in one call. */
  async start(input: AnalysisInput, holder: string, claimSeconds: number): Promise<AnalysisStart> {
    const [row] = await this.#database.query(
      start,
      `with item as (
         select id from items
         where user_id = :user and id = :item and not deleted and object_sequencer = :sequencer
       ), known as (
         select id, version from analyses where user_id = :user and item_id = :item and input_hash = :hash
       ), claimed as (
         insert into claims (input_hash, holder, expires_at)
         select :id, :holder, now() + make_interval(secs => :seconds)
         where exists (select 1 from item) and not exists (select 1 from known)
         on conflict (input_hash) do update set holder = excluded.holder, expires_at = excluded.expires_at
         where claims.expires_at < now() or claims.holder = excluded.holder
         returning 1
       )
       select
         (select count(*)::int from item) as current,
         (select id from known) as known_id,
         (select version from known) as known_version,
         (select max(version) from analyses where user_id = :user and item_id = :item) as newest_version,
         (select id from analyses where user_id = :user and input_hash = :hash limit 1) as twin_id,
         coalesce((select usd from spending where day = ${today}), 0)::text as usd_today,
         (select count(*)::int from claimed) as claimed`,
      { ...parametersOf(input), holder, seconds: claimSeconds },
    );
    if (row === undefined || row.current === 0) return { kind: "superseded" };
    if (row.known_id !== null) return { kind: "known", isNewest: row.known_version === row.newest_version };
    if (row.claimed === 0) return { kind: "claimed" };
    return { kind: "open", twinId: row.twin_id ?? undefined, usdToday: row.usd_today };
  }

  async release(analysisId: string, holder: string): Promise<void> {
    await this.#database.execute("delete from claims where input_hash = :id and holder = :holder", {
      id: analysisId,
      holder,
    });
  }

  /** The stored answer of an analysis. */
  async rawResponse(userId: string, analysisId: string): Promise<unknown> {
    const [row] = await this.#database.query(
      z.object({ raw_response: z.string() }),
      "select raw_response::text as raw_response from analyses where user_id = :user and id = :id",
      { user: userId, id: analysisId },
    );
    return row && JSON.parse(row.raw_response);
  }

  /**
   * Stores an analysis as the next version, books its cost and releases the claim, unless the item has changed
   * meanwhile: then only the cost is booked. Resolves to whether it is stored.
   */
  store(input: AnalysisInput, analysis: NewAnalysis): Promise<boolean> {
    return this.#database.transaction(async (statements) => {
      const isCurrent = await lock(statements, input);
      if (isCurrent) await insert(statements, input, analysis);
      await book(statements, analysis, input.analysisId);
      return isCurrent;
    });
  }

  /** Makes a stored analysis the newest again: its item has the content of an earlier version. */
  promote(input: AnalysisInput): Promise<boolean> {
    return this.#database.transaction(async (statements) => {
      if (!(await lock(statements, input))) return false;
      await statements.execute(
        `update analyses set version = (select max(version) + 1 from analyses where user_id = :user and item_id = :item)
         where user_id = :user and item_id = :item and input_hash = :hash`,
        { user: input.userId, item: input.itemId, hash: input.inputHash },
      );
      return true;
    });
  }

  /** Books what an answer cost that cannot be used. */
  async bookSpent(spent: Spent): Promise<void> {
    await this.#database.transaction((statements) => book(statements, spent, ""));
  }
}

/** Versions are counted under the lock of the item's row: each later statement sees what was committed before. */
async function lock({ query }: Statements, { userId, itemId, sequencer }: AnalysisInput): Promise<boolean> {
  const [item] = await query(
    lockedItem,
    "select object_sequencer, deleted from items where user_id = :user and id = :item for update",
    { user: userId, item: itemId },
  );
  return item !== undefined && !item.deleted && item.object_sequencer === sequencer;
}

async function insert({ query }: Statements, input: AnalysisInput, analysis: NewAnalysis): Promise<void> {
  await query(
    newVersion,
    `insert into analyses (id, item_id, user_id, version, input_hash, category, summary, raw_response, provider_used,
       model_used, trace_id, provider_request_id, input_tokens, output_tokens, cost_usd, prompt_version)
     select :id, :item, :user, coalesce(max(version), 0) + 1, :hash, :category, :summary, :raw::jsonb, :provider,
       :model, :trace, :request, :inputTokens, :outputTokens, :cost::numeric, :prompt
     from analyses where user_id = :user and item_id = :item
     on conflict (id) do nothing
     returning version`,
    {
      id: input.analysisId,
      hash: input.inputHash,
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
    `with released as (delete from claims where input_hash = :id)
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
  itemId: item,
  userId: user,
  sequencer,
}: AnalysisInput) {
  return { id, hash, item, user, sequencer };
}
