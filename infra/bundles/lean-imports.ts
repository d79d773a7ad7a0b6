import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Plugin, PluginBuild } from "esbuild";
import { withPureSchemas } from "./pure-schemas.ts";

/** Namespaces of virtual modules, which have no file. */
const required = "required-builtin";
const absent = "absent-package";

const credentials = join(import.meta.dirname, "../../core/process/aws-credentials.ts");
const machineCredentials = join(import.meta.dirname, "../../core/process/machine-credentials.ts");
/** Programs that may run on machines of EC2. */
const onMachines = /containers[\\/]+bulk-/;

/** The exporter file next to each program. */
export const exporterFile = "tracing.mjs";

export function isMadeUp(input: string): boolean {
  return [required, absent].some((namespace) => input.startsWith(`${namespace}:`));
}

/** Removes unused code from a bundle that costs CPU at a cold start. */
export const leanImports: Plugin = {
  name: "lean-imports",
  setup(build) {
    requireHttp(build);
    leaveOutSdkParts(build);
    keepEnglish(build);
    loadExporterOnDemand(build);
  },
};

/**
 * Importing `node:http` as a module evaluates each of its exports, and with them the whole of fetch: some 45 ms.
 * Required, it is the same object.
 */
function requireHttp(build: PluginBuild): void {
  build.onResolve({ filter: /^(node:)?https?2?$/ }, ({ path, kind }) =>
    kind === "require-call" ? { path, external: true } : { path, namespace: required },
  );
  build.onLoad({ filter: /.*/, namespace: required }, ({ path }) => ({
    contents: `module.exports = require(${JSON.stringify(path)});`,
    loader: "js",
  }));
}

/**
 * Omits unused parts of the AWS SDK: credential sources that no deployed process has, event streams, and schemas of
 * operations that are never called. The first two are imported on demand; the bundler would wrap what they share with
 * the rest of the SDK in functions that are parsed twice.
 */
function leaveOutSdkParts(build: PluginBuild): void {
  const isForMachines = onMachines.test(JSON.stringify(build.initialOptions.entryPoints));
  build.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({
    path: isForMachines ? machineCredentials : credentials,
  }));
  build.onResolve({ filter: /^@smithy\/core\/event-streams$/ }, ({ path, kind }) =>
    kind === "dynamic-import" ? { path, namespace: absent } : undefined,
  );
  build.onLoad({ filter: /.*/, namespace: absent }, ({ path }) => ({
    contents: `throw new Error(${JSON.stringify(`${path} is left out of bundles (infra/bundles/lean-imports.ts)`)});`,
    loader: "js",
  }));
  const schemas = /[\\/]@aws-sdk[\\/]client-[\w-]+[\\/]dist-es[\\/]schemas[\\/]schemas_0\.js$/;
  build.onLoad({ filter: schemas }, async ({ path }) => ({
    contents: withPureSchemas(await readFile(path, "utf8")),
    loader: "js",
  }));
}

/** zod bundles its messages in fifty languages, a third of a megabyte to parse. */
function keepEnglish(build: PluginBuild): void {
  build.onResolve({ filter: /^\.\.\/locales\/index\.js$/ }, ({ importer }) =>
    /[\\/]node_modules[\\/]zod[\\/]/.test(importer)
      ? { path: join(dirname(importer), "../locales/en.js") }
      : undefined,
  );
}

/** Few processes export spans, so that the exporter is a program of its own. */
function loadExporterOnDemand(build: PluginBuild): void {
  build.onResolve({ filter: /^\.\/exporter\.ts$/ }, ({ kind }) =>
    kind === "dynamic-import" ? { path: `./${exporterFile}`, external: true } : undefined,
  );
}
