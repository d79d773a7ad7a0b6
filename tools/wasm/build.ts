// Writes the assembled WebAssembly of the scan beside its source.
import { readFileSync, writeFileSync } from "node:fs";
import { wasmModule } from "./wasm-module.ts";

const folder = "core/search/scan";
writeFileSync(
  `${folder}/dot-products-wasm.ts`,
  await wasmModule(readFileSync(`${folder}/dot-products.wat`, "utf8")),
);
