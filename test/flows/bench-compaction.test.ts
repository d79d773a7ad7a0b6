import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

jest.setTimeout(300_000);

const file = join(import.meta.dirname, "../../bench/compaction.ts");

test("npm run bench:compaction -- --quick merges, changes and prints all that the long run does", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [file, "--quick"]);
  const rows = stdout.split("\n").filter((line) => / (cold|warm) {3,}/.test(line));
  expect(rows.map((row) => row.trim().split(/ {2,}/).slice(0, 3))).toEqual(
    ["200", "400"].flatMap((size) =>
      ["one receipt of 100 vectors", "10 labels"].flatMap((change) => [
        [size, change, "cold"],
        [size, change, "warm"],
      ]),
    ),
  );
  expect(stdout).toMatch(/a cold search process opens 400 vectors in [\d.]+ s/);
  expect(stdout).toMatch(/bare upserts \(the limit\) +[\d,]+\/s/);
  expect(stdout).toMatch(/merged by the fold +[\d,]+\/s/);
  expect(stdout).toMatch(/pass {2}8 small cycles copied 0 bytes in and wrote [\d,]+ at most/);
});
