import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { IndexUnavailableError } from "../../catchup/index/index-errors.ts";
import type { VectorSink } from "../../catchup/index/vector-sink.ts";
import type { Embedder } from "../../embedding/embedder.ts";
import { EmbeddingUnavailableError } from "../../embedding/embedding-errors.ts";
import { CircuitBreaker, CircuitOpenError } from "../../resilience/circuit-breaker.ts";

/**
 * The circuit breakers of a worker process. A call counts as failed only after all its own retries. Without a breaker,
 * every chunk that a worker takes during an outage would use up its attempts, and its rows would fail.
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

  /** Throws CircuitOpenError if a circuit is open, so that no job starts that would fail. */
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

  /** Adds the breaker to the client and returns the client. */
  table(client: DynamoDBDocumentClient): DynamoDBDocumentClient {
    // Runs outside the client's own retries.
    client.middlewareStack.add((next) => (args) => this.#table.run(() => next(args)), {
      name: "circuitBreaker",
      step: "initialize",
      priority: "high",
    });
    return client;
  }
}

/** A client error, such as a failed condition, shows that the service works. */
function isOutageOfService(error: unknown): boolean {
  return (
    !(error instanceof CircuitOpenError) &&
    !(error instanceof Error && "$fault" in error && error.$fault === "client")
  );
}
