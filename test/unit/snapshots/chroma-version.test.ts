import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chromaVersion } from "../../../core/collections/chroma/chroma-version.ts";

test("the release that a manifest names is the one that the bundles have", () => {
  const root = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8"));
  expect(root.optionalDependencies["chromadb-js-bindings-linux-x64-gnu"]).toBe(chromaVersion);
});
