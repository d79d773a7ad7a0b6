import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Queue } from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import type { BulkQueues } from "../../../core/bulk/work/worker-jobs.ts";
import { LocalBroker } from "../../../local/broker/local-broker.ts";

export const brokerKinds = ["redis", "postgres"] as const;
export type BrokerKind = (typeof brokerKinds)[number];

/** No program is found there, which leaves the embedded PostgreSQL. */
const noPath = "/nonexistent";

/** CI has every broker: there a missing one fails the tests in place of skipping them. */
export function hasBroker(kind: BrokerKind): boolean {
  if (kind === "postgres" || process.env.CI !== undefined) return true;
  const isThere = ["redis-server", "valkey-server"].some(
    (name) => spawnSync(name, ["--version"]).status === 0,
  );
  if (!isThere) process.stderr.write("Skipped with Redis: there is no redis-server on the PATH.\n");
  return isThere;
}

/** A broker of this machine with its data in a folder of its own. */
export class TestBroker {
  readonly local: LocalBroker;
  readonly #folder: string;

  private constructor(local: LocalBroker, folder: string) {
    this.local = local;
    this.#folder = folder;
  }

  static async start(kind: BrokerKind): Promise<TestBroker> {
    const folder = await mkdtemp(join(tmpdir(), "broker-"));
    const local = await LocalBroker.start(join(folder, "data"), kind === "postgres" ? noPath : undefined);
    return new TestBroker(local, folder);
  }

  /** As one that was restarted without its data. */
  async empty({ tasks, chunks }: BulkQueues): Promise<void> {
    if (this.local.url.startsWith("redis:")) {
      const redis = new Redis(this.local.url);
      await redis.flushall();
      redis.disconnect();
      return;
    }
    for (const queue of [tasks, chunks]) await queue.obliterate({ force: true });
  }

  /** As one that was restored from a state in which the job was not there yet, and that of its parent was. */
  async lose(queue: Queue, jobId: string): Promise<void> {
    if (this.local.url.startsWith("redis:")) {
      const redis = new Redis(this.local.url);
      await redis.del(queue.toKey(jobId));
      await redis.zrem(queue.toKey("prioritized"), jobId);
      redis.disconnect();
      return;
    }
    const client = new pg.Client({ connectionString: this.local.url });
    await client.connect();
    await client.query("DELETE FROM bullmq.job WHERE queue = $1 AND id = $2", [queue.name, jobId]);
    await client.end();
  }

  async stop(): Promise<void> {
    await this.local.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
