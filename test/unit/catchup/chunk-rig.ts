import { type ChunkDeps, type ChunkWork, processChunk } from "../../../core/catchup/chunks/process-chunk.ts";
import type { VectorSink } from "../../../core/catchup/index/vector-sink.ts";
import type { ProcessRequest } from "../../../core/catchup/requests/process-request.ts";
import { planOf } from "../../../core/catchup/sources/make-plan.ts";
import { readChunks } from "../../../core/catchup/sources/stored-plan.ts";
import { newTaskId } from "../../../core/catchup/tasks/task.ts";
import { EmbeddingCache } from "../../../core/embedding/cache/embedding-cache.ts";
import { RequestSize } from "../../../core/embedding/embed-each.ts";
import { silentLog } from "../../../core/log.ts";
import { type Metrics, silentMetrics } from "../../../core/metrics.ts";
import { systemClock } from "../../../core/resilience/clock.ts";
import { Crashes } from "./crashes.ts";
import { FakeEmbedder, FakeIndex, FakeNamespaces } from "./fake-providers.ts";
import { MemoryObjects } from "./memory-objects.ts";
import { requestOf } from "./requests.ts";

/** Everything that a chunk is worked on with; each part can end the process. */
export class ChunkRig {
  readonly crashes = new Crashes();
  readonly source = new MemoryObjects(this.crashes);
  readonly work = new MemoryObjects(this.crashes);
  readonly embedder = new FakeEmbedder(this.crashes);
  readonly index = new FakeIndex(this.crashes);
  readonly namespaces = new FakeNamespaces(this.crashes);
  /** The bucket of the embedding cache, which outlives a process. */
  readonly cached = new MemoryObjects(this.crashes);
  /** What was counted, by metric. */
  readonly counted: Record<string, number> = {};
  readonly metrics: Metrics = {
    ...silentMetrics,
    count: (name, value) => {
      this.counted[name] = (this.counted[name] ?? 0) + value;
    },
  };
  /** Undefined without a cache. */
  cache: EmbeddingCache | undefined = this.newCache();

  rules: ChunkDeps["rules"] = { columnTypes: { cursed: "boolean" }, tokensPerText: 20 };

  get services(): ChunkDeps {
    return {
      source: this.source,
      work: this.work,
      embedder: this.embedder,
      cache: this.cache,
      provider: "api.openai.com",
      index: this.index,
      namespaces: this.namespaces,
      defaultModel: "fake",
      tokensPerRequest: 40,
      requestSize: new RequestSize(),
      rules: this.rules,
      log: silentLog,
    };
  }

  /** The cache of another process over the same bucket. */
  newCache(): EmbeddingCache {
    const { cached: objects, metrics } = this;
    return new EmbeddingCache({ objects, clock: systemClock, metrics, log: silentLog });
  }

  /** The work of a CSV that is a single chunk of a task of its own. */
  async workOf(csv: string | Uint8Array, changed: Partial<ProcessRequest> = {}): Promise<ChunkWork> {
    const taskId = newTaskId(Date.now());
    const request = requestOf({ s3_key: `${taskId}.csv`, ...changed });
    this.source.put(`${taskId}.csv`, csv);
    const limits = { rows: 1_000, bytes: 1_000_000 };
    const services = { source: this.source, work: this.work, limits, metabase: undefined };
    const plan = await planOf(taskId, request, services);
    const [chunk] = await readChunks(plan, this.work);
    if (!chunk) throw new Error("The CSV of this test has no row.");
    return { taskId, chunk, plan, request };
  }

  process(work: ChunkWork) {
    return processChunk(work, this.services);
  }

  /** Writes to a sink in the place of its own index. */
  processInto(index: VectorSink, work: ChunkWork) {
    return processChunk(work, { ...this.services, index });
  }

  /** Lines of the chunk's failed records. */
  failed({ taskId, chunk }: ChunkWork): { row: number; reason: string }[] {
    const text = this.work.text(`failed/${taskId}/${String(chunk.chunk).padStart(6, "0")}.ndjson`) ?? "";
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }
}
