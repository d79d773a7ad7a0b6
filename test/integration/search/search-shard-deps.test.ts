import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const folder = join(import.meta.dirname, "../../../functions/search-shard");
/** What a process does before its first invocation. */
const start = `
  import { searchShardConfig } from ${JSON.stringify(join(folder, "config.ts"))};
  import { searchShardDeps } from ${JSON.stringify(join(folder, "deps.ts"))};
  searchShardDeps(searchShardConfig.parse(process.env), { log: console, metrics: {} });
`;

let disk: string;

beforeEach(async () => {
  disk = await mkdtemp(join(tmpdir(), "search-shard-"));
});
afterEach(() => rm(disk, { recursive: true }));

test("a process removes the copies of one that was killed while it opened a generation: the disk is the same", async () => {
  const scratch = join(disk, "vectorkeep-search");
  const leftBehind = join(scratch, "lines-00000001-1-abcdef");
  await mkdir(leftBehind, { recursive: true });
  await writeFile(join(leftBehind, "chroma.sqlite3"), "half");
  const env = {
    TMPDIR: disk,
    CONTROL_TABLE: "control",
    DELTAS_BUCKET: "deltas",
    COLLECTIONS_PATH: disk,
    COLLECTION_SHARDS: "1",
    SHARD: "lines",
    EMBEDDING_MODEL: "model",
    EMBEDDING_DIMENSIONS: "2",
    QUERY_MAX_VECTORS: "9",
    QUERY_MIN_COSINE_PERCENT: "0",
  };
  await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", start], { env });
  expect(await readdir(scratch)).toEqual([]);
}, 30_000);
