import { dirname, join } from "node:path";
import type { Plugin } from "esbuild";

/** Namespace of virtual modules, which have no file. */
const required = "required-builtin";

export function isMadeUp(input: string): boolean {
  return input.startsWith(`${required}:`);
}

/**
 * Removes unused code from a bundle that costs CPU at a cold start:
 *
 * - Importing `node:http` as a module evaluates each of its exports, and with them the whole of fetch: some 45 ms.
 *   Required, it is the same object.
 * - zod bundles its messages in fifty languages, a third of a megabyte to parse. Only English is used.
 */
export const leanImports: Plugin = {
  name: "lean-imports",
  setup(build) {
    build.onResolve({ filter: /^(node:)?https?2?$/ }, ({ path, kind }) =>
      kind === "require-call" ? { path, external: true } : { path, namespace: required },
    );
    build.onLoad({ filter: /.*/, namespace: required }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
      loader: "js",
    }));
    build.onResolve({ filter: /^\.\.\/locales\/index\.js$/ }, ({ importer }) =>
      /[\\/]node_modules[\\/]zod[\\/]/.test(importer)
        ? { path: join(dirname(importer), "../locales/en.js") }
        : undefined,
    );
  },
};
