import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ShardName } from "../../contract/collections.ts";
import type { Embedder } from "../embedding/embedder.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { FollowedCollection } from "./followed-collection.ts";
import type { GenerationSource } from "./generation-source.ts";
import { searchHttpServer } from "./http-server.ts";
import { QueryVectors } from "./query-vectors.ts";
import type { StatusOf } from "./runs.ts";
import { search } from "./search.ts";
import { PortTakenError } from "./search-errors.ts";
import { similar } from "./similar.ts";

export interface QueryServiceOptions {
  readonly statusOf: StatusOf;
  /** The source of every shard of every collection. */
  readonly sources: ReadonlyMap<ShardName, GenerationSource>;
  readonly embedder: Embedder;
  readonly apiKey: string;
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  readonly pollMs: number;
  /** Cosine below which a vector is considered unrelated to a text. */
  readonly minCosine: number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Number of query texts whose vectors are cached. */
const rememberedTexts = 1_000;

/** The search service of a stack: follows the published generation of every shard and answers over HTTP. */
export class QueryService {
  readonly port: number;
  readonly #server: Server;
  readonly #followed: readonly FollowedCollection[];
  readonly #following: Promise<unknown>;
  readonly #stop: AbortController;

  private constructor(server: Server, followed: readonly FollowedCollection[], pollMs: number) {
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#followed = followed;
    this.#stop = new AbortController();
    this.#following = Promise.all(followed.map((each) => each.follow(pollMs, this.#stop.signal)));
  }

  /**
   * Resolves when the server listens. `GET /health` answers 503 until the first generations are open. Throws
   * PortTakenError.
   */
  static async start(options: QueryServiceOptions): Promise<QueryService> {
    const { sources, embedder, apiKey, host, port, pollMs, minCosine, log, metrics } = options;
    const followed = Array.from(sources, ([shard, source]) => new FollowedCollection(shard, source, log));
    const vectors = new QueryVectors(embedder, rememberedTexts);
    const server = searchHttpServer(
      {
        search: (request) => search(request, followed, vectors, minCosine),
        similar: (request) => similar(request, followed),
        statusOf: options.statusOf,
        health: () => Object.fromEntries(followed.map((each) => [each.shard, each.health()])),
      },
      { apiKey, dimensions: embedder.dimensions, log, metrics },
    );
    server.listen(port, host);
    await once(server, "listening").catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === "EADDRINUSE" ? new PortTakenError(host, port, cause) : cause;
    });
    return new QueryService(server, followed, pollMs);
  }

  /** Answers the requests in progress, then closes the generations and removes their copies. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#server.close();
    this.#server.closeIdleConnections();
    await Promise.all([once(this.#server, "close"), this.#following]);
    await Promise.all(this.#followed.map((each) => each.close()));
  }
}
