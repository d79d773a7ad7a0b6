import wabt from "wabt";

/** The source file that has an assembled WebAssembly text as base64. */
export async function wasmModule(wat: string): Promise<string> {
  const { parseWat } = await wabt();
  const parsed = parseWat("scan.wat", wat, { simd: true });
  const { buffer } = parsed.toBinary({});
  parsed.destroy();
  const base64 = Buffer.from(buffer).toString("base64");
  const lines = base64.match(/.{1,100}/g) ?? [];
  return [
    "// Assembled from dot-products.wat by `npm run build:wasm`; a test compares the two.",
    "export const dotProductsWasm =",
    `${lines.map((line) => `  "${line}"`).join(" +\n")};`,
    "",
  ].join("\n");
}
