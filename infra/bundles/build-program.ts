import { join } from "node:path";
import type { BuildOptions } from "esbuild";
import { ProgramError } from "../program-error.ts";
import { isMadeUp, leanImports } from "./lean-imports.ts";
import { ownSourceMap } from "./own-source-map.ts";

export const projectRoot = join(import.meta.dirname, "../..");

/** A source of the project as one file of JavaScript, and its source map. */
export interface Program {
  readonly code: Uint8Array;
  readonly map: Uint8Array;
}

/** A freshly bundled program. */
export interface BuiltProgram extends Program {
  /** Each file that went into it, relative to the project, with its size in the bundle. */
  readonly inputs: ReadonlyMap<string, number>;
}

/** esbuild could not bundle a source; the message includes its diagnostics. */
export class BundleFailedError extends ProgramError {
  constructor(source: string, cause: unknown) {
    super(
      `${source} could not be bundled: ${cause instanceof Error ? cause.message : cause}`,
      "Run `npm ci`, and correct what esbuild reports.",
    );
  }
}

/** esbuild options of every program. */
export const programOptions = {
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  mainFields: ["module", "main"],
  minify: true,
  // Errors are identified by class name, and their codes are derived from it.
  keepNames: true,
  sourcemap: "external",
  // Stack traces need positions, not sources.
  sourcesContent: false,
  // Unused optional parts of the chromadb client, and packages that are shipped next to the program (native-parts.ts).
  external: ["@chroma-core/*", "chromadb-js-bindings-*", "sharp", "libheif-js/*", "pg-native"],
  // Packages that are still CommonJS call require for Node's own modules.
  banner: {
    js: 'import { createRequire as bundleRequire } from "node:module";\nconst require = bundleRequire(import.meta.url);',
  },
  logLevel: "silent",
} as const satisfies BuildOptions;

/** Bundles a source, which needs seconds of CPU. Throws BundleFailedError. */
export async function buildProgram(source: string): Promise<BuiltProgram> {
  const { build } = await import("esbuild");
  try {
    const { outputFiles, metafile } = await build({
      ...programOptions,
      plugins: [leanImports],
      absWorkingDir: projectRoot,
      entryPoints: [source],
      // Sources are named relative to this.
      outfile: "program.mjs",
      write: false,
      metafile: true,
    });
    const output = (suffix: string) => outputFiles.find(({ path }) => path.endsWith(suffix));
    const bytes = metafile.outputs["program.mjs"]?.inputs ?? {};
    const inputs = Object.keys(metafile.inputs).filter((input) => !isMadeUp(input));
    return {
      code: output(".mjs")?.contents ?? new Uint8Array(),
      map: Buffer.from(ownSourceMap(output(".map")?.text ?? "")),
      inputs: new Map(inputs.map((input) => [input, bytes[input]?.bytesInOutput ?? 0])),
    };
  } catch (error) {
    throw new BundleFailedError(source, error);
  }
}
