// Refuses promises that nobody awaits. Biome's rule reads types, which takes some fifteen seconds, so it runs here and not in
// every `biome check`. A promise that floats on purpose says so by `void`.
import { spawnSync } from "node:child_process";

const folders = ["contract", "infra", "functions", "containers", "core", "cli", "bin", "tools", "local"];
const { stdout, stderr, status } = spawnSync(
  "node_modules/.bin/biome",
  ["lint", "--only=nursery/noFloatingPromises", "--reporter=github", "--max-diagnostics=none", ...folders],
  { encoding: "utf8", maxBuffer: 1 << 26 },
);
const found = stdout.split("\n").filter((line) => line.includes("noFloatingPromises"));
for (const line of found) console.error(line.replace(/^::\w+ /, ""));
// The rule is of biome's nursery, so that what it finds is an information and no failure of biome.
if (status !== 0 || found.length > 0) {
  if (found.length === 0) console.error(stderr);
  process.exitCode = 1;
}
