import {
  createPostgresBackend,
  type Processor,
  Queue,
  runMigrations,
  Worker,
  type WorkerOptions,
} from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { InputError } from "../../vectorkeep-error.ts";

/** A killed worker's jobs are taken over within the sum of both; docs/adr/0016 says why it is short. */
const lockDuration = 6_000;
const stalledInterval = 2_000;
/** A job whose process dies this many times fails as poison. */
const maxStalledCount = 5;
/** The PostgreSQL schema of the queues. */
const schema = "bullmq";
/** The timeout of commands for which a caller waits. */
const commandTimeout = 3_000;

/**
 * `bulk:redisUrl` is not the URL of a supported broker. The message omits the value, because it may contain a password.
 */
export class BrokerUrlError extends InputError {
  constructor() {
    super(
      "The URL of the broker is neither redis://, rediss:// nor postgres://.",
      "Set it with `pulumi config set --secret bulk:redisUrl` and deploy again.",
    );
  }
}

export interface WorkerTuning {
  readonly concurrency: number;
}

export interface BrokerReport {
  /** Why the broker may lose jobs; undefined if its configuration is safe. */
  readonly problem: string | undefined;
  /** Undefined if the broker has no memory limit. */
  readonly memoryPercent: number | undefined;
}

/** The job broker: Redis, Valkey or PostgreSQL. Queues and workers are BullMQ's in all cases. */
export interface Broker {
  readonly kind: "redis" | "postgres";
  queue<Data>(name: string): Queue<Data>;
  worker<Data>(name: string, process: Processor<Data>, tuning: WorkerTuning): Worker<Data>;
  /** Rejects if the broker does not respond. */
  report(): Promise<BrokerReport>;
  /** The caller closes queues and workers first. */
  close(): Promise<void>;
}

/**
 * Opens a broker by its URL. Connection errors are passed to `onError`, and the client reconnects. Throws
 * BrokerUrlError.
 */
export async function openBroker(url: string, onError: (error: Error) => void): Promise<Broker> {
  const protocol = URL.canParse(url) ? new URL(url).protocol : "";
  if (protocol === "redis:" || protocol === "rediss:") return new RedisBroker(url, onError);
  if (protocol === "postgres:" || protocol === "postgresql:") return PostgresBroker.open(url, onError);
  throw new BrokerUrlError();
}

const workerOptions = { lockDuration, lockRenewTime: lockDuration / 3, stalledInterval, maxStalledCount };

class RedisBroker implements Broker {
  readonly kind = "redis";
  readonly #commands: Redis;
  readonly #work: Redis;
  readonly #onError: (error: Error) => void;

  constructor(url: string, onError: (error: Error) => void) {
    const retryStrategy = (times: number) => Math.min(1_000, 50 * times);
    this.#onError = onError;
    this.#commands = new Redis(url, { maxRetriesPerRequest: 1, commandTimeout, retryStrategy });
    // A worker waits without a limit until its broker is available.
    this.#work = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: true, retryStrategy });
    this.#commands.on("error", onError);
    this.#work.on("error", onError);
  }

  queue<Data>(name: string): Queue<Data> {
    return listened(
      new Queue<Data>(name, { connection: this.#commands, skipWaitingForReady: true }),
      this.#onError,
    );
  }

  worker<Data>(name: string, process: Processor<Data>, { concurrency }: WorkerTuning): Worker<Data> {
    const options: WorkerOptions = { ...workerOptions, connection: this.#work, concurrency };
    return listened(new Worker<Data>(name, process, options), this.#onError);
  }

  async report(): Promise<BrokerReport> {
    const info = fieldsOf(await this.#commands.info("memory"));
    const policy = info.get("maxmemory_policy");
    const [used, most] = [Number(info.get("used_memory")), Number(info.get("maxmemory"))];
    return {
      problem:
        policy === undefined || policy === "noeviction" || most === 0
          ? undefined
          : `maxmemory-policy is ${policy}, which may delete jobs; it must be noeviction`,
      memoryPercent: most > 0 ? Math.round((used / most) * 1_000) / 10 : undefined,
    };
  }

  async close(): Promise<void> {
    this.#commands.disconnect();
    this.#work.disconnect();
  }
}

/** Parses the `name:value` lines of INFO. */
function fieldsOf(info: string): Map<string, string> {
  return new Map(
    info.split("\r\n").flatMap((line) => {
      const cut = line.indexOf(":");
      return cut < 0 ? [] : [[line.slice(0, cut), line.slice(cut + 1)] as const];
    }),
  );
}

class PostgresBroker implements Broker {
  readonly kind = "postgres";
  readonly #pool: pg.Pool;
  readonly #onError: (error: Error) => void;

  private constructor(pool: pg.Pool, onError: (error: Error) => void) {
    this.#pool = pool;
    this.#onError = onError;
  }

  static async open(url: string, onError: (error: Error) => void): Promise<PostgresBroker> {
    // Each queue and worker holds one connection for LISTEN.
    const pool = new pg.Pool({
      connectionString: url,
      max: 12,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      // BullMQ's statements do not qualify tables with a schema.
      options: `-c search_path=${schema}`,
    });
    // Without a listener, an idle connection that the server closes would terminate the process.
    pool.on("error", onError);
    pool.on("connect", (client) => client.on("error", onError));
    const client = await pool.connect();
    try {
      await runMigrations(client, schema);
    } finally {
      client.release();
    }
    return new PostgresBroker(pool, onError);
  }

  queue<Data>(name: string): Queue<Data> {
    return listened(new Queue<Data>(name, this.#options, this.#backend), this.#onError);
  }

  worker<Data>(name: string, process: Processor<Data>, { concurrency }: WorkerTuning): Worker<Data> {
    const options = { ...workerOptions, ...this.#options, concurrency };
    return listened(new Worker<Data>(name, process, options, this.#backend), this.#onError);
  }

  async report(): Promise<BrokerReport> {
    await this.#pool.query("SELECT 1");
    return { problem: undefined, memoryPercent: undefined };
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** BullMQ's types only accept the connection and backend of Redis. */
  get #options(): { readonly connection: never } {
    return { connection: this.#pool as never };
  }

  get #backend(): undefined {
    return createPostgresBackend as never;
  }
}

/** Without a listener an error event would terminate the process. */
function listened<T extends { on(event: "error", listener: (error: Error) => void): unknown }>(
  source: T,
  onError: (error: Error) => void,
): T {
  source.on("error", onError);
  return source;
}
