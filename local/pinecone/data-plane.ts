import { z } from "zod";
import { badRequest } from "./api-error.ts";
import { readFilter } from "./filter.ts";
import { readMetadata } from "./metadata.ts";
import { maxRecords, readRecords, readValues, type StoredRecord } from "./records.ts";
import type { VectorIndex } from "./vector-index.ts";

/** A request to an index: `POST /vectors/upsert`. */
export interface DataRequest {
  readonly route: string;
  readonly query: URLSearchParams;
  /** Undefined if there is none. */
  readonly body: unknown;
}

const namespace = z.string().default("");
const filter = z.looseObject({}).optional();
const ids = z.array(z.string()).max(maxRecords);

const upsertRequest = z.object({ namespace, vectors: z.array(z.unknown()).min(1) });
const queryRequest = z.object({
  namespace,
  topK: z.number().int().min(1).max(10_000),
  vector: z.array(z.number()).optional(),
  id: z.string().optional(),
  filter,
  includeValues: z.boolean().default(false),
  includeMetadata: z.boolean().default(false),
});
const updateRequest = z.object({
  namespace,
  id: z.string(),
  values: z.array(z.number()).optional(),
  setMetadata: z.looseObject({}).optional(),
});
const deleteRequest = z.object({ namespace, ids: ids.optional(), deleteAll: z.boolean().optional(), filter });
const listQuery = z.object({
  namespace,
  prefix: z.string().default(""),
  limit: z.coerce.number().int().min(1).max(100).default(100),
  paginationToken: z.string().optional(),
});

type Operation = (index: VectorIndex, request: DataRequest) => object;

const usage = { readUnits: 1 };

const operations: Readonly<Record<string, Operation>> = {
  "POST /vectors/upsert"(index, { body }) {
    const wanted = parse(upsertRequest, body);
    const records = readRecords(wanted.vectors, index.dimension);
    index.upsert(wanted.namespace, records);
    return { upsertedCount: records.length };
  },

  "POST /query"(index, { body }) {
    const wanted = parse(queryRequest, body);
    const vector = vectorOf(index, wanted);
    const fits = wanted.filter === undefined ? () => true : readFilter(wanted.filter);
    const found = vector === undefined ? [] : index.query(wanted.namespace, vector, wanted.topK, fits);
    const matches = found.map(({ record, score }) => ({
      id: record.id,
      score,
      values: wanted.includeValues ? [...record.values] : [],
      ...(wanted.includeMetadata && record.metadata && { metadata: record.metadata }),
    }));
    return { matches, namespace: wanted.namespace, usage };
  },

  "GET /vectors/fetch"(index, { query }) {
    const name = query.get("namespace") ?? "";
    const wanted = parse(ids.min(1), query.getAll("ids"));
    const found = wanted.flatMap((id) => index.get(name, id) ?? []);
    return {
      vectors: Object.fromEntries(found.map((record) => [record.id, shown(record)])),
      namespace: name,
      usage,
    };
  },

  "GET /vectors/list"(index, { query }) {
    const wanted = parse(listQuery, Object.fromEntries(query));
    const after = Buffer.from(wanted.paginationToken ?? "", "base64url").toString();
    const rest = index.ids(wanted.namespace).filter((id) => id.startsWith(wanted.prefix) && id > after);
    const page = rest.slice(0, wanted.limit);
    const next = Buffer.from(page.at(-1) ?? "").toString("base64url");
    return {
      vectors: page.map((id) => ({ id })),
      ...(rest.length > page.length && { pagination: { next } }),
      namespace: wanted.namespace,
      usage,
    };
  },

  "POST /vectors/update"(index, { body }) {
    const wanted = parse(updateRequest, body);
    const values = wanted.values && readValues(wanted.values, index.dimension);
    index.update(wanted.namespace, wanted.id, values, readMetadata(wanted.setMetadata));
    return {};
  },

  "POST /vectors/delete"(index, { body }) {
    const wanted = parse(deleteRequest, body);
    if (wanted.deleteAll) index.deleteAll(wanted.namespace);
    else if (wanted.filter !== undefined) {
      const fitting = index.matching(wanted.namespace, readFilter(wanted.filter));
      index.delete(
        wanted.namespace,
        fitting.map(({ id }) => id),
      );
    } else index.delete(wanted.namespace, wanted.ids ?? []);
    return {};
  },

  "POST /describe_index_stats"(index) {
    const counts = [...index.counts];
    return {
      namespaces: Object.fromEntries(counts.map(([name, vectorCount]) => [name, { vectorCount }])),
      dimension: index.dimension,
      indexFullness: 0,
      totalVectorCount: counts.reduce((sum, [, count]) => sum + count, 0),
      metric: index.metric,
      vectorType: "dense",
    };
  },
};

/** The body of the answer; undefined for a route that the local Pinecone does not have. Throws ApiError. */
export function answerData(index: VectorIndex, request: DataRequest): object | undefined {
  return operations[request.route]?.(index, request);
}

function parse<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw badRequest(problems.join("; "));
}

/** Returns the vector of a query, or of the record with its id; undefined if there is no such record. */
function vectorOf(index: VectorIndex, wanted: z.infer<typeof queryRequest>): Float32Array | undefined {
  if (wanted.id !== undefined) return index.get(wanted.namespace, wanted.id)?.values;
  return readValues(wanted.vector, index.dimension);
}

function shown({ id, values, metadata }: StoredRecord): object {
  return { id, values: [...values], ...(metadata && { metadata }) };
}
