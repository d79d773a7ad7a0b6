import { createHash } from "node:crypto";
import { VectorsRefusedError } from "../../../core/catchup/index/index-errors.ts";
import type {
  SinkDescription,
  SinkLimits,
  SinkVector,
  VectorSink,
} from "../../../core/catchup/index/vector-sink.ts";
import type { NamespaceModel } from "../../../core/catchup/namespaces/namespace-model.ts";
import type { Embedder, VectorBytes } from "../../../core/embedding/embedder.ts";
import { EmbeddingRefusedError } from "../../../core/embedding/embedding-errors.ts";
import { Crashes } from "./crashes.ts";

/** A text's vector follows from the text alone. Texts with `poison` are refused. */
export class FakeEmbedder implements Embedder {
  readonly model: string;
  readonly dimensions = 4;
  readonly requests: string[][] = [];
  readonly #crashes: Crashes;

  constructor(crashes = new Crashes(), model = "fake") {
    this.#crashes = crashes;
    this.model = model;
  }

  /** Every text that was paid for. */
  get paid(): string[] {
    return this.requests.flat();
  }

  embed(texts: readonly string[]): Promise<VectorBytes[]> {
    return this.#crashes.call("embed", () => {
      if (texts.some((text) => text.includes("poison"))) {
        throw new EmbeddingRefusedError(this.model, new Error("400 bad input"));
      }
      this.requests.push([...texts]);
      return texts.map(vectorOf);
    });
  }
}

/** The models of namespaces, in memory. */
export class FakeNamespaces {
  readonly models = new Map<string, NamespaceModel>();
  readonly #crashes: Crashes;

  constructor(crashes = new Crashes()) {
    this.#crashes = crashes;
  }

  read(namespace: string): Promise<NamespaceModel | undefined> {
    return this.#crashes.call("namespace", () => this.models.get(namespace));
  }

  claim(namespace: string, model: NamespaceModel): Promise<NamespaceModel> {
    return this.#crashes.call("claim", () => {
      const held = this.models.get(namespace) ?? model;
      this.models.set(namespace, held);
      return held;
    });
  }
}

/** Keeps vectors by namespace and id. Those whose metadata say `cursed` are refused. */
export class FakeIndex implements VectorSink {
  readonly sink = "pinecone";
  limits: SinkLimits = {
    vectors: 1_000,
    bytes: 1_900_000,
    bytesPerNumber: 12,
    inFlight: 3,
    metadataBytes: 40_960,
    filterableBytes: 40_960,
    metadataKeys: 100,
  };
  readonly vectors = new Map<string, SinkVector>();
  readonly requests: { readonly namespace: string; readonly ids: string[] }[] = [];
  /** Its dimension: it refuses vectors of another. */
  holds = 4;
  readonly #crashes: Crashes;

  constructor(crashes = new Crashes()) {
    this.#crashes = crashes;
  }

  get texts(): Record<string, unknown> {
    return Object.fromEntries(
      [...this.vectors].sort().map(([place, { metadata }]) => [place, metadata.text]),
    );
  }

  upsert(namespace: string, vectors: readonly SinkVector[]): Promise<void> {
    return this.#crashes.call("upsert", () => {
      this.requests.push({ namespace, ids: vectors.map(({ id }) => id) });
      if (vectors.some(({ metadata }) => metadata.cursed === true))
        throw new VectorsRefusedError(this.sink, new Error("400"));
      if (vectors.some(({ vector }) => vector.length !== this.holds * 4)) {
        throw new VectorsRefusedError(this.sink, new Error("400"));
      }
      for (const vector of vectors) this.vectors.set(`${namespace}/${vector.id}`, vector);
    });
  }

  async delete(namespace: string, ids: readonly string[]): Promise<void> {
    for (const id of ids) this.vectors.delete(`${namespace}/${id}`);
  }

  async describe(namespace: string): Promise<SinkDescription> {
    const isUsed = [...this.vectors.keys()].some((place) => place.startsWith(`${namespace}/`));
    return { dimension: this.holds, isUsed };
  }

  contentHashes(namespace: string, ids: readonly string[]): Promise<Map<string, string>> {
    return this.#crashes.call("contentHashes", () => {
      const held = ids.map(
        (id) => [id, this.vectors.get(`${namespace}/${id}`)?.metadata.content_hash] as const,
      );
      return new Map(held.flatMap(([id, one]) => (typeof one === "string" ? [[id, one]] : [])));
    });
  }
}

function vectorOf(text: string): Uint8Array {
  const digest = createHash("sha256").update(text).digest();
  return new Uint8Array(Float32Array.from(digest.subarray(0, 4), (byte) => byte / 256).buffer);
}
