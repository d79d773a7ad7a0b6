import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { BuildOptions } from "esbuild";
import { isMadeUp, leanImports } from "./lean-imports.ts";

export const projectRoot = join(import.meta.dirname, "../..");

/** A source of the project as one file of JavaScript, and the files that went into it, relative to the project. */
export interface Program {
  readonly code: Uint8Array;
  readonly inputs: readonly string[];
}

/** A source that esbuild could not bundle; its own messages say where. */
export class BundleFailedError extends pulumi.RunError {
  constructor(source: string, cause: unknown) {
    super(`${source} could not be bundled: ${cause instanceof Error ? cause.message : cause}`);
    this.name = "BundleFailedError";
  }
}

/** How every program is bundled. */
export const programOptions = {
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  mainFields: ["module", "main"],
  // A failure is known by its class name, in logs as in the code.
  keepNames: true,
  // Less to parse at a cold start; names stay, so a stack trace can be read.
  minifySyntax: true,
  minifyWhitespace: true,
  // Optional parts of the chromadb client that nothing here uses.
  external: ["@chroma-core/*", "chromadb-js-bindings-*"],
  // Packages that are still CommonJS call require for Node's own modules.
  banner: {
    js: 'import { createRequire as bundleRequire } from "node:module";\nconst require = bundleRequire(import.meta.url);',
  },
  logLevel: "silent",
} as const satisfies BuildOptions;

/** Bundles a source, which takes seconds of CPU. Throws BundleFailedError. */
export async function buildProgram(source: string): Promise<Program> {
  const { build } = await import("esbuild");
  try {
    const { outputFiles, metafile } = await build({
      ...programOptions,
      plugins: [leanImports],
      absWorkingDir: projectRoot,
      entryPoints: [source],
      write: false,
      metafile: true,
    });
    return {
      code: outputFiles[0]?.contents ?? new Uint8Array(),
      inputs: Object.keys(metafile.inputs).filter((input) => !isMadeUp(input)),
    };
  } catch (error) {
    throw new BundleFailedError(source, error);
  }
}
