import { readFileSync } from "node:fs";
import { join } from "node:path";
import type * as Pulumi from "@pulumi/pulumi";
import { vectorkeep } from "../../../infra/program.ts";
import { type Deployment, deploy, type Wanted } from "./deploy.ts";

// A run takes a second, and several on a machine that is busy.
jest.setTimeout(240_000);

// The code of the functions has tests of its own; here it only has to be an archive.
jest.mock("../../../infra/bundles/stack-bundles.ts", () => {
  const { asset } = jest.requireActual<typeof Pulumi>("@pulumi/pulumi");
  const code = new asset.AssetArchive({});
  return {
    functionBundles: async () => ({
      embed: code,
      exportOcrResults: code,
      streamProcessor: code,
      compaction: code,
      fold: code,
      generations: code,
      verify: code,
      sweeper: code,
    }),
    addedBundles: async (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, code])),
    catchUpBundles: async () => ({ api: code, run: code, chunk: code, settle: code, watch: code }),
    imageBundles: async () => ({
      processor: code,
      analyzer: code,
      embedder: code,
      search: code,
      migrate: code,
      migrateHash: "migrations",
    }),
    merchantsBundle: async () => code,
    mirrorBundle: async () => code,
    embeddingStatusBundle: async () => code,
    bulkContexts: async () => ({ api: ".build/bulk-api", worker: ".build/bulk-worker", digest: "bundles" }),
    searchBundles: async () => ({ search: code, shard: code }),
    queryServerContext: async () => ".build/query-server",
    compactionWorkerContext: async () => ".build/compaction-worker",
  };
});

export const secrets = { "embedding:apiKey": "sk-known-only-here", "query:apiKey": "search-known-only-here" };

/** The configuration of a stack of this repository, as Pulumi reads it from its file. */
export function stackFile(stack: string): Record<string, string> {
  const file = readFileSync(join(import.meta.dirname, `../../../Pulumi.${stack}.yaml`), "utf8");
  const entries = [...file.matchAll(/^ {2}([\w-]+:[\w-]+): (.*)$/gm)];
  return Object.fromEntries(entries.map(([, key = "", value = ""]) => [key, value]));
}

/** Deploys a stack of this repository, with changes of its configuration. */
export function deployStack(stack: string, wanted: Partial<Wanted> = {}): Promise<Deployment> {
  return deploy(vectorkeep, {
    stack,
    secrets,
    ...wanted,
    config: { ...stackFile(stack), ...wanted.config },
  });
}
