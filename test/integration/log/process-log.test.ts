import { spawnSync } from "node:child_process";
import { join } from "node:path";

const script = `import { processLog } from ${JSON.stringify(join(import.meta.dirname, "../../../core/process/process-log.ts"))};
const log = processLog("embed");
log.debug("Request sent");
log.info("Receipt opened", { image_id: "image-1" });
log.warn("Rows were repaired", { image_id: "image-1" });
log.error("An embed message failed", { image_id: "image-1" });`;

function levelsAt(level: string): string[] {
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    env: { POWERTOOLS_LOG_LEVEL: level },
    encoding: "utf8",
  });
  return `${stdout}${stderr}`
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line).level);
}

test.each([
  ["DEBUG", ["DEBUG", "INFO", "WARN", "ERROR"]],
  ["INFO", ["INFO", "WARN", "ERROR"]],
  ["WARN", ["WARN", "ERROR"]],
  ["ERROR", ["ERROR"]],
])("at %s a process logs %j", (level, logged) => {
  expect(levelsAt(level)).toEqual(logged);
});
