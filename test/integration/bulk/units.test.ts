import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../../../containers/bulk-api/host");
const units = readdirSync(folder).filter((name) => name.endsWith(".service"));
const isThere = spawnSync("systemd-analyze", ["--version"]).status === 0;
if (!isThere && process.env.CI === undefined) {
  process.stderr.write("Skipped: there is no systemd-analyze on the PATH.\n");
}

test("there is a unit for the API, one for each worker, one for nginx, and one for the log", () => {
  expect(units.sort()).toEqual([
    "bulk-api.service",
    "bulk-log.service",
    "bulk-nginx.service",
    "bulk-worker@.service",
  ]);
});

test.each(units)(
  "%s runs as nobody in particular, restarts, and has the stop time of its program",
  (name) => {
    const text = readFileSync(join(folder, name), "utf8");
    for (const line of [
      "DynamicUser=yes",
      "Restart=on-failure",
      "NoNewPrivileges=yes",
      "ProtectSystem=strict",
    ]) {
      expect(text).toContain(`\n${line}\n`);
    }
    expect(text).toMatch(/\nMemoryMax=\d+[MG]\n/);
    if (/api|worker/.test(name)) expect(text).toMatch(/\nKillSignal=SIGTERM\nTimeoutStopSec=120\n/);
  },
);

(isThere || process.env.CI !== undefined ? test : test.skip)("systemd takes every unit as it is", () => {
  const copy = mkdtempSync(join(tmpdir(), "units-"));
  try {
    // It also looks for the programs, which this machine has elsewhere.
    cpSync(folder, copy, { recursive: true });
    for (const name of units) {
      const text = readFileSync(join(copy, name), "utf8").replaceAll(/^(Exec\w+)=\S+/gm, "$1=/bin/true");
      writeFileSync(join(copy, name), text);
    }
    const names = units.map((name) => join(copy, name.replace("@.", "@1.")));
    cpSync(join(copy, "bulk-worker@.service"), join(copy, "bulk-worker@1.service"));
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...names], {
      encoding: "utf8",
      env: { ...process.env, SYSTEMD_UNIT_PATH: `${copy}:` },
    });
    const ours = stderr.split("\n").filter((line) => line.includes(copy) || /bulk-/.test(line));
    expect([status, ours]).toEqual([0, []]);
  } finally {
    rmSync(copy, { recursive: true });
  }
});
