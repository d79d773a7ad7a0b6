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
/** A job whose process dies this often is poison. */
const maxStalledCount = 5;
/** Of the queues in PostgreSQL. */
const schema = "bullmq";
/** Commands of a process that must answer its caller. */
const commandTimeout = 3_000;

/** `bulk:redisUrl` names no broker. Its value is omitted, because it may hold a password. */
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

/** The state of a broker. */
export interface BrokerReport {
  /** Why it may lose jobs; undefined where it is fit. */
  readonly problem: string | undefined;
  /** Undefined where it has no bound. */
  readonly memoryPercent: number | undefined;
}

/** Where jobs wait: Redis or Valkey, or PostgreSQL. Queues and workers are BullMQ's in both. */
export interface Broker {
  readonly kind: "redis" | "postgres";
  queue<Data>(name: string): Queue<Data>;
  worker<Data>(name: string, process: Processor<Data>, tuning: WorkerTuning): Worker<Data>;
  /** Rejects where the broker does not answer. */
  report(): Promise<BrokerReport>;
  /** Queues and workers are closed before. */
  close(): Promise<void>;
}

/** Opens a broker by its URL. An error of its connection is told to `onError`, and the connection is made again. */
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
    // A worker waits for its broker for as long as that is away.
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

/** `name:value` lines of INFO. */
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
    // Each queue and worker holds one connection to listen.
    const pool = new pg.Pool({
      connectionString: url,
      max: 12,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      // BullMQ's statements name no schema.
      options: `-c search_path=${schema}`,
    });
    // Without a listener, an idle connection that the server closes would end the process.
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

  /** The types of BullMQ's queues and workers name the connection and backend of Redis. */
  get #options(): { readonly connection: never } {
    return { connection: this.#pool as never };
  }

  get #backend(): undefined {
    return createPostgresBackend as never;
  }
}

/** Without a listener an error event would end the process. */
function listened<T extends { on(event: "error", listener: (error: Error) => void): unknown }>(
  source: T,
  onError: (error: Error) => void,
): T {
  source.on("error", onError);
  return source;
}
