import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { IndexUnavailableError } from "../../catchup/index/index-errors.ts";
import type { VectorSink } from "../../catchup/index/vector-sink.ts";
import type { Embedder } from "../../embedding/embedder.ts";
import { EmbeddingUnavailableError } from "../../embedding/embedding-errors.ts";
import { CircuitBreaker, CircuitOpenError } from "../../resilience/circuit-breaker.ts";

/**
 * Of what a worker process depends on. A failure is that of a call with all of its own retries. Without a breaker, every chunk
 * that a worker takes during an outage would use up its attempts, and its rows would fail.
 */
export class Outages {
  readonly #embedding = new CircuitBreaker({
    dependency: "The embedding provider",
    maxFailures: 3,
    openMs: 180_000,
    isOutage: (error) => error instanceof EmbeddingUnavailableError,
  });
  readonly #index = new CircuitBreaker({
    dependency: "The index",
    maxFailures: 5,
    openMs: 300_000,
    isOutage: (error) => error instanceof IndexUnavailableError,
  });
  readonly #table = new CircuitBreaker({
    dependency: "DynamoDB",
    maxFailures: 5,
    openMs: 180_000,
    isOutage: isOutageOfService,
  });

  /** Throws CircuitOpenError if a dependency is not to be called now, so that no work begins that needs it. */
  check(): void {
    for (const breaker of [this.#embedding, this.#index, this.#table]) breaker.check();
  }

  embedder(embedder: Embedder): Embedder {
    const { model, dimensions } = embedder;
    const embed: Embedder["embed"] = (texts, purpose) =>
      this.#embedding.run(() => embedder.embed(texts, purpose));
    return { model, dimensions, embed };
  }

  index(index: VectorSink): VectorSink {
    const { sink, limits } = index;
    return {
      sink,
      limits,
      upsert: (namespace, vectors) => this.#index.run(() => index.upsert(namespace, vectors)),
      contentHashes: (namespace, ids) => this.#index.run(() => index.contentHashes(namespace, ids)),
      delete: (namespace, ids) => this.#index.run(() => index.delete(namespace, ids)),
      describe: (namespace) => this.#index.run(() => index.describe(namespace)),
    };
  }

  /** Returns the client, whose calls count from here on. */
  table(client: DynamoDBDocumentClient): DynamoDBDocumentClient {
    // Before the client's own retries.
    client.middlewareStack.add((next) => (args) => this.#table.run(() => next(args)), {
      name: "circuitBreaker",
      step: "initialize",
      priority: "high",
    });
    return client;
  }
}

/** An answer below 500, as of a condition that failed, is one of a service that works. */
function isOutageOfService(error: unknown): boolean {
  return (
    !(error instanceof CircuitOpenError) &&
    !(error instanceof Error && "$fault" in error && error.$fault === "client")
  );
}
