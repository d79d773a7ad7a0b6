import { join, relative } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { BulkContexts } from "../components/bulk-args.ts";
import type { CatchUpCode } from "../components/catch-up-args.ts";
import { folderDigest } from "../components/folder-digest.ts";
import type { ImageCode } from "../components/images/image-code.ts";
import type { SearchCode } from "../components/search-functions.ts";
import { type Bundle, bundleContainer, bundleFunction, hashOf, type Ingredients, place } from "./bundle.ts";
import { ProgramCache } from "./program-cache.ts";

const buildFolder = join(import.meta.dirname, "../../.build");
const programs = new ProgramCache(join(buildFolder, "programs"));
const programOf = (source: string) => programs.program(source);

/** The code of every function, each in its own folder under .build. */
export interface FunctionBundles {
  readonly embed: pulumi.asset.Archive;
  readonly exportOcrResults: pulumi.asset.Archive;
  readonly streamProcessor: pulumi.asset.Archive;
  readonly compaction: pulumi.asset.Archive;
  readonly fold: pulumi.asset.Archive;
  readonly generations: pulumi.asset.Archive;
  readonly verify: pulumi.asset.Archive;
  readonly sweeper: pulumi.asset.Archive;
  readonly exportSnapshot: pulumi.asset.Archive;
}

/** The code of the catch-up system's functions. */
export async function catchUpBundles(): Promise<CatchUpCode> {
  const [api, run, chunk, batch, settle, watch] = await Promise.all([
    functionArchive("catch-up-api"),
    functionArchive("catch-up-run"),
    functionArchive("catch-up-chunk"),
    functionArchive("catch-up-batch"),
    functionArchive("catch-up-settle"),
    functionArchive("catch-up-watch"),
  ]);
  return { api, run, chunk, batch, settle, watch };
}

/** The code of the image flow's functions. */
export async function imageBundles(): Promise<ImageCode> {
  const [processor, analyzer, embedder, search, watch, migrate, migrateBundle] = await Promise.all([
    functionArchive("image-processor", { native: ["sharp", "heic"] }),
    functionArchive("image-analyzer"),
    functionArchive("image-embedder"),
    functionArchive("image-search"),
    functionArchive("image-watch"),
    functionArchive("image-migrate"),
    bundleFunction("image-migrate", {}, programOf),
  ]);
  return { processor, analyzer, embedder, search, watch, migrate, migrateHash: hashOf(migrateBundle) };
}

/** The code of the function that resolves merchants. */
export function merchantsBundle(): Promise<pulumi.asset.Archive> {
  return functionArchive("resolve-merchant");
}

/** The code of the function that mirrors the collections. */
export function mirrorBundle(): Promise<pulumi.asset.Archive> {
  return functionArchive("mirror", { native: ["chroma"] });
}

/** The code of what writes `embedding_status`. */
export function embeddingStatusBundle(): Promise<pulumi.asset.Archive> {
  return functionArchive("write-embedding-status");
}

/** The code of the search API with `query:host lambda`. */
export async function searchBundles(): Promise<SearchCode> {
  const [search, shard] = await Promise.all([
    functionArchive("search"),
    functionArchive("search-shard", { native: ["chroma"] }),
  ]);
  return { search, shard };
}

/** Bundles every function of the stack. Throws BundleFailedError or LibraryUnpatchableError. */
export async function functionBundles(): Promise<FunctionBundles> {
  const [
    embed,
    exportOcrResults,
    streamProcessor,
    compaction,
    fold,
    generations,
    verify,
    sweeper,
    exportSnapshot,
  ] = await Promise.all([
    functionArchive("embed"),
    functionArchive("export-ocr-results"),
    functionArchive("stream-processor"),
    functionArchive("compaction"),
    functionArchive("fold", { native: ["chroma"] }),
    functionArchive("generations", { native: ["chroma"] }),
    functionArchive("verify", { native: ["chroma"] }),
    functionArchive("sweeper"),
    functionArchive("export-snapshot", { native: ["chroma"] }),
  ]);
  return {
    embed,
    exportOcrResults,
    streamProcessor,
    compaction,
    fold,
    generations,
    verify,
    sweeper,
    exportSnapshot,
  };
}

/** The bundles of infra/added-functions.ts, by folder. */
export async function addedBundles(
  names: readonly string[],
): Promise<Readonly<Record<string, pulumi.asset.Archive>>> {
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await functionArchive(name)] as const)),
  );
}

/** Docker's build context of the query server, relative to Pulumi's working directory, so that it is the same everywhere. */
export async function queryServerContext(): Promise<string> {
  return placed("query-server", await bundleContainer("query-server", { native: ["chroma"] }, programOf));
}

/** The same for the worker that compacts. */
export async function compactionWorkerContext(): Promise<string> {
  return placed(
    "compaction-worker",
    await bundleContainer("compaction-worker", { native: ["chroma"] }, programOf),
  );
}

/** The same for the API and the workers of bulk jobs. */
export async function bulkContexts(): Promise<BulkContexts> {
  const context = async (name: string, ingredients: Ingredients) =>
    placed(name, await bundleContainer(name, ingredients, programOf));
  const [api, worker] = await Promise.all([
    context("bulk-api", { native: ["board"] }),
    context("bulk-worker", {}),
  ]);
  return { api, worker, digest: folderDigest(api, worker) };
}

async function functionArchive(name: string, ingredients: Ingredients = {}): Promise<pulumi.asset.Archive> {
  return new pulumi.asset.FileArchive(await placed(name, await bundleFunction(name, ingredients, programOf)));
}

async function placed(name: string, bundle: Bundle): Promise<string> {
  return relative(process.cwd(), await place(bundle, join(buildFolder, name)));
}
