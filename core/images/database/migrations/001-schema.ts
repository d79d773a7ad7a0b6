import type { Migration } from "./migration.ts";

/** `migrate` fills in `{dimensions}` and `{role}`. */
export const schema: Migration = {
  number: 1,
  name: "items, analyses, embeddings",
  statements: [
    `create extension if not exists vector`,
    // Needs 0.8 for iterative index scans, without which a filtered search returns too few rows.
    `do $$ begin
       if (select string_to_array(extversion, '.')::int[] from pg_extension where extname = 'vector') < array[0, 8] then
         raise exception 'pgvector 0.8 or later is required';
       end if;
     end $$`,
    `create table if not exists items (
       id text primary key,
       user_id text not null,
       bucket text not null,
       object_key text not null,
       object_sequencer text collate "C" not null,
       etag text,
       content_sha256 text,
       mime_type text,
       bytes bigint,
       width int,
       height int,
       deleted boolean not null default false,
       created_at timestamptz not null default now(),
       updated_at timestamptz not null default now(),
       unique (bucket, object_key)
     )`,
    `create index if not exists items_of_user on items (user_id)`,
    `create table if not exists analyses (
       id text primary key,
       item_id text not null references items (id) on delete cascade,
       user_id text not null,
       version int not null,
       input_hash text not null,
       content_sha256 text not null,
       category text,
       summary text,
       raw_response jsonb not null,
       provider_used text not null,
       model_used text not null,
       trace_id text,
       provider_request_id text,
       input_tokens int not null,
       output_tokens int not null,
       cost_usd numeric(12, 6) not null,
       prompt_version int not null,
       created_at timestamptz not null default now(),
       search_vector tsvector generated always as (
         setweight(to_tsvector('english', coalesce(summary, '')), 'A')
         || setweight(to_tsvector('english', coalesce(raw_response ->> 'headline', '')), 'A')
         || setweight(to_tsvector('english', coalesce(category, '')), 'B')
         || setweight(jsonb_to_tsvector('english', coalesce(raw_response -> 'image_details', '{}'), '["string"]'), 'C')
       ) stored,
       unique (item_id, version),
       unique (item_id, input_hash)
     )`,
    `create index if not exists analyses_search on analyses using gin (search_vector)`,
    `create index if not exists analyses_of_input on analyses (user_id, input_hash)`,
    `create table if not exists embeddings (
       item_id text primary key references items (id) on delete cascade,
       analysis_id text not null references analyses (id) on delete cascade,
       analysis_version int not null,
       user_id text not null,
       vector vector({dimensions}) not null,
       embedding_model text not null,
       embedding_dimensions int not null,
       embedding_source jsonb not null,
       created_at timestamptz not null default now()
     )`,
    `create index if not exists embeddings_of_user on embeddings (user_id)`,
    `create index if not exists embeddings_vector on embeddings using hnsw (vector vector_cosine_ops)`,
    // The claims of processes that call a model, so that a concurrent redelivery does not pay for a second answer.
    `create table if not exists claims (analysis_id text primary key, holder text not null, expires_at timestamptz not null)`,
    `create table if not exists spending (
       day date primary key,
       usd numeric(14, 6) not null,
       input_tokens bigint not null,
       output_tokens bigint not null
     )`,
    `grant usage on schema public to {role}`,
    `grant select, insert, update, delete on items, analyses, embeddings, claims, spending to {role}`,
    // For users with more vectors than exact search takes. They hold per session of the role: setting them in each
    // search would cost four more calls. PostgreSQL lets only a superuser set what no loaded library declares, and each
    // call may have a session of its own: the cast loads the library in this one.
    `do $$ begin
       perform '[1]'::vector;
       alter role {role} set hnsw.iterative_scan = 'strict_order';
       alter role {role} set hnsw.ef_search = 100;
     end $$`,
  ],
};
