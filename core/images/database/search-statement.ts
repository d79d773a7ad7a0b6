import * as z from "zod";
import type { Database } from "./database.ts";

const row = z.object({
  item_id: z.string(),
  score: z.number(),
  similarity: z.number().nullable(),
  lexical_rank: z.coerce.number().nullable(),
  vector_rank: z.coerce.number().nullable(),
  category: z.string().nullable(),
  headline: z.string().nullable(),
  summary: z.string().nullable(),
  object_key: z.string(),
  version: z.number(),
});

export type SearchRow = z.infer<typeof row>;

export interface SearchInput {
  readonly userId: string;
  readonly k: number;
  /** Undefined to skip the lexical side. */
  readonly lexical: { readonly any: string; readonly none: string } | undefined;
  /** In pgvector's format. Undefined to skip the vector side. */
  readonly vector: string | undefined;
  readonly weights: { readonly lexical: number; readonly vector: number };
  /** The constant of reciprocal rank fusion. */
  readonly rankConstant: number;
}

/** The number of ranks of each side that are fused. */
const depth = 100;
/**
 * The maximum number of a user's vectors for exact search. An index first finds the nearest vectors of all users and
 * filters them afterwards, which leaves too few for a small user.
 */
export const exactVectors = 10_000;

/**
 * Reciprocal rank fusion of full-text and vector search over the newest analyses of a user's images. Only one of the
 * two vector branches runs, because each has a filter that is independent of its rows.
 */
export const searchStatement = `
with query as materialized (
  select websearch_to_tsquery('english', :any) && websearch_to_tsquery('english', :none) as terms
), corpus as materialized (
  select count(*) as vectors from (
    select 1 from embeddings where user_id = :user limit ${exactVectors + 1}
  ) as counted
), lexical as (
  select item_id, row_number() over (order by relevance desc, item_id) as rank from (
    select a.item_id, ts_rank_cd(a.search_vector, query.terms) as relevance
    from query, analyses a join items i on i.id = a.item_id
    where :useLexical::boolean and a.user_id = :user and i.user_id = :user and not i.deleted
      and a.search_vector @@ query.terms
      and not exists (
        select 1 from analyses n where n.user_id = :user and n.item_id = a.item_id and n.version > a.version)
    order by relevance desc, a.item_id limit ${depth}
  ) as found
), every as materialized (
  select item_id, vector <=> :vector::vector as distance from embeddings
  where :useVector::boolean and user_id = :user and (select vectors from corpus) <= ${exactVectors}
), near as (
  select item_id, distance from (select item_id, distance from every order by distance, item_id limit ${depth}) as exact
  union all
  select item_id, distance from (
    select item_id, vector <=> :vector::vector as distance from embeddings
    where user_id = :user order by vector <=> :vector::vector limit ${depth}
  ) as approximate
  where :useVector::boolean and (select vectors from corpus) > ${exactVectors}
), semantic as (
  select n.item_id, n.distance, row_number() over (order by n.distance, n.item_id) as rank
  from near n join items i on i.id = n.item_id where i.user_id = :user and not i.deleted
), fused as (
  select item_id, sum(part) as score, max(lexical_rank) as lexical_rank, max(vector_rank) as vector_rank,
    max(similarity) as similarity
  from (
    select item_id, :lexicalWeight::float8 / (:rankConstant::float8 + rank) as part, rank as lexical_rank,
      null::bigint as vector_rank, null::float8 as similarity from lexical
    union all
    select item_id, :vectorWeight::float8 / (:rankConstant::float8 + rank), null, rank, 1 - distance from semantic
  ) as ranked
  group by item_id
)
select f.item_id, f.score, f.similarity, f.lexical_rank, f.vector_rank, a.category,
  a.raw_response ->> 'headline' as headline, a.summary, i.object_key, a.version
from fused f
join items i on i.id = f.item_id and i.user_id = :user
join analyses a on a.item_id = f.item_id and a.user_id = :user
  and a.version = (select max(version) from analyses n where n.user_id = :user and n.item_id = f.item_id)
order by f.score desc, f.item_id
limit :k`;

export function searchItems(database: Pick<Database, "query">, input: SearchInput): Promise<SearchRow[]> {
  return database.query(row, searchStatement, {
    user: input.userId,
    any: input.lexical?.any ?? "",
    none: input.lexical?.none ?? "",
    useLexical: input.lexical !== undefined,
    useVector: input.vector !== undefined,
    vector: input.vector ?? null,
    lexicalWeight: input.weights.lexical,
    vectorWeight: input.weights.vector,
    rankConstant: input.rankConstant,
    k: input.k,
  });
}
