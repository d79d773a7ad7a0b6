import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { addedFunctions } from "../../infra/added-functions.ts";
import { buildProgram, projectRoot } from "../../infra/bundles/build-program.ts";

// Each bundle takes seconds of CPU.
jest.setTimeout(120_000);

/** Packages of 0.1 to 1 MB of code that is parsed at a cold start: for the functions that call them, and for no other. */
const heavyPackages = [
  "@anthropic-ai/sdk",
  "@opentelemetry/sdk-trace-base",
  "@pinecone-database/pinecone",
  "chromadb",
  "gpt-tokenizer",
  "openai",
];
const bothProviders = ["@pinecone-database/pinecone", "gpt-tokenizer", "openai"];

const bounds: readonly (readonly [name: string, maxKilobytes: number, heavy: readonly string[]])[] = [
  ["catch-up-api", 500, []],
  ["catch-up-batch", 2_700, bothProviders],
  ["catch-up-chunk", 2_700, bothProviders],
  ["catch-up-run", 2_750, bothProviders],
  ["catch-up-settle", 550, []],
  ["catch-up-watch", 470, []],
  ["compaction", 640, []],
  ["embed", 2_200, ["gpt-tokenizer", "openai"]],
  ["export-ocr-results", 520, []],
  ["export-snapshot", 800, ["chromadb"]],
  ["fold", 760, ["chromadb"]],
  ["generations", 710, ["chromadb"]],
  ["image-analyzer", 1_720, ["@anthropic-ai/sdk", "openai"]],
  ["image-embedder", 940, ["openai"]],
  ["image-migrate", 380, []],
  ["image-processor", 540, []],
  ["image-watch", 400, []],
  ["mirror", 760, ["chromadb"]],
  ["image-search", 910, ["openai"]],
  ["resolve-merchant", 620, []],
  ["search", 990, ["openai"]],
  ["search-shard", 690, ["chromadb"]],
  ["stream-processor", 370, []],
  ["sweeper", 590, []],
  ["verify", 720, ["chromadb"]],
  ["write-embedding-status", 560, []],
];

/** Of a function that calls no provider and opens no database. */
const usualBound = 800;
const added = Object.keys(addedFunctions).map((name) => [name, usualBound, []] as const);

test.each([...bounds, ...added])(
  "the bundle of %s stays below %i kB, and carries of the heavy packages %j",
  async (name, maxKilobytes, heavy) => {
    const { code, map, inputs } = await buildProgram(`functions/${name}/handler.ts`);
    const carried = new Set([...inputs].flatMap(([path, bytes]) => (bytes > 0 ? [packageOf(path)] : [])));
    expect(heavyPackages.filter((one) => carried.has(one))).toEqual(heavy);
    expect(code.length).toBeLessThan(maxKilobytes * 1000);
    // It is read at the first error.
    expect(map.length).toBeLessThan(195_000);
  },
);

test("every function has a bound", () => {
  expect([...bounds, ...added].map(([name]) => name).sort()).toEqual(
    readdirSync(join(projectRoot, "functions")).sort(),
  );
});

/** `openai` of `node_modules/openai/index.mjs`; undefined for a source of the project. */
function packageOf(path: string): string | undefined {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
}

test("zod is imported as a namespace everywhere that is bundled: by name it would come whole", () => {
  const bundled = ["contract", "core", "functions", "containers"].flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => join(projectRoot, folder, file)),
  );
  expect(bundled.length).toBeGreaterThan(200);
  expect(bundled.filter((file) => /import \{[^}]*\} from "zod"/.test(readFileSync(file, "utf8")))).toEqual(
    [],
  );
});
