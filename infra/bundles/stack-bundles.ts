import { join, relative } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { CatchUpCode } from "../components/catch-up-args.ts";
import { type Bundle, bundleContainer, bundleFunction, place } from "./bundle.ts";

const buildFolder = join(import.meta.dirname, "../../.build");

/** The code of every function, each in a folder of its own under .build. */
export interface FunctionBundles {
  readonly embed: pulumi.asset.Archive;
  readonly exportOcrResults: pulumi.asset.Archive;
  readonly streamProcessor: pulumi.asset.Archive;
  readonly compaction: pulumi.asset.Archive;
  readonly generations: pulumi.asset.Archive;
  readonly verify: pulumi.asset.Archive;
  readonly sweeper: pulumi.asset.Archive;
}

/** The code of the catch-up system's functions. */
export async function catchUpBundles(): Promise<CatchUpCode> {
  return {
    api: await functionArchive("catch-up-api", false),
    run: await functionArchive("catch-up-run", false),
    chunk: await functionArchive("catch-up-chunk", false),
    settle: await functionArchive("catch-up-settle", false),
  };
}

/** Bundles every function of the stack. Throws BundleFailed or LibraryUnpatchable. */
export async function functionBundles(): Promise<FunctionBundles> {
  return {
    embed: await functionArchive("embed", false),
    exportOcrResults: await functionArchive("export-ocr-results", false),
    streamProcessor: await functionArchive("stream-processor", false),
    compaction: await functionArchive("compaction", true),
    generations: await functionArchive("generations", false),
    verify: await functionArchive("verify", true),
    sweeper: await functionArchive("sweeper", false),
  };
}

/** The folder from which Docker builds the query server, relative to where Pulumi runs, so that it is the same everywhere. */
export async function queryServerContext(): Promise<string> {
  return placed("query-server", await bundleContainer("query-server", { chroma: true }));
}

/** The same for the worker that compacts. */
export async function compactionWorkerContext(): Promise<string> {
  return placed("compaction-worker", await bundleContainer("compaction-worker", { chroma: true }));
}

async function functionArchive(name: string, chroma: boolean): Promise<pulumi.asset.Archive> {
  return new pulumi.asset.FileArchive(await placed(name, await bundleFunction(name, { chroma })));
}

async function placed(name: string, bundle: Bundle): Promise<string> {
  return relative(process.cwd(), await place(bundle, join(buildFolder, name)));
}
