import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filledIn } from "../../../infra/components/machine-files.ts";

const host = join(import.meta.dirname, "../../../containers/bulk-api/host");
/** The script writes below /etc and /opt, which takes folders of its own in a mount namespace. */
const isPossible = spawnSync("unshare", ["--mount", "true"]).status === 0;
if (!isPossible) process.stderr.write("Skipped: a mount namespace takes root and unshare.\n");

const values = {
  CODE_BUCKET: "code",
  CODE_KEY: "bulk/1.zip",
  API_ENVIRONMENT: 'TASKS_TABLE="tasks"\nPORT="8082"',
  WORKER_ENVIRONMENT: 'COLUMN_TYPES="{\\"a\\":1}"',
  PORT: "8081",
  OWN_PORT: "8082",
  BALANCER_RANGE: "10.87.0.0/16",
  WORKERS: "3",
  WORKER_MEMORY_MIB: "1500",
  STOP_SECONDS: "90",
  LOG_GROUP: "/vectorkeep/prod/bulk",
};

/** Programs that are not on this machine, or must not run: each writes down how it was called. */
const fakes = ["dnf", "aws", "systemctl", "amazon-cloudwatch-agent-ctl"];

(isPossible ? test : test.skip)(
  "the user data of a machine installs every file and starts every unit",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "machine-"));
    const at = (...names: string[]) => join(folder, ...names);
    try {
      for (const name of ["bin", "etc", "opt", "log", "local"]) mkdirSync(at(name));
      mkdirSync(at("etc/systemd/system"), { recursive: true });
      mkdirSync(at("etc/logrotate.d"));
      mkdirSync(at("opt/aws/amazon-cloudwatch-agent/bin"), { recursive: true });
      cpSync(host, at("archive/host"), { recursive: true });
      for (const name of fakes) fake(name, "");
      cpSync(
        at("bin/amazon-cloudwatch-agent-ctl"),
        at("opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl"),
      );
      fake("unzip", `cp -r ${at("archive")}/. /opt/vectorkeep/`);
      writeFileSync(at("setup.sh"), filledIn(readFileSync(join(host, "setup.sh"), "utf8"), values));
      const binds = { etc: "/etc", opt: "/opt", log: "/var/log", local: "/usr/local/bin" };
      const script = [
        ...Object.entries(binds).map(([name, target]) => `mount --bind ${at(name)} ${target}`),
        `PATH=${at("bin")}:$PATH exec bash ${at("setup.sh")}`,
      ].join(" && ");
      const { status, stderr } = spawnSync("unshare", ["--mount", "bash", "-c", script], {
        encoding: "utf8",
      });
      expect([status, stderr]).toEqual([0, ""]);

      expect(readFileSync(at("etc/vectorkeep/bulk-api.env"), "utf8")).toBe(`${values.API_ENVIRONMENT}\n`);
      expect(readFileSync(at("etc/vectorkeep/bulk-worker.env"), "utf8")).toBe(
        `${values.WORKER_ENVIRONMENT}\n`,
      );
      const nginx = readFileSync(at("etc/vectorkeep-nginx/nginx.conf"), "utf8");
      expect(nginx).not.toMatch(/@[A-Z_]+@/);
      for (const line of ["listen 0.0.0.0:8081;", "server 127.0.0.1:8082;", "set_real_ip_from 10.87.0.0/16;"])
        expect(nginx).toContain(line);
      expect(readFileSync(at("etc/systemd/system/bulk-worker@.service.d/size.conf"), "utf8")).toBe(
        "[Service]\nMemoryMax=1500M\nTimeoutStopSec=90\n",
      );
      expect(JSON.parse(readFileSync(at("etc/vectorkeep/logs.json"), "utf8"))).toMatchObject({
        logs: { logs_collected: { files: { collect_list: [{ log_group_name: "/vectorkeep/prod/bulk" }] } } },
      });
      const called = readFileSync(at("called"), "utf8").trim().split("\n");
      expect(called[0]).toMatch(/^dnf install -y nodejs24 nginx/);
      expect(called).toContain("aws s3 cp --only-show-errors s3://code/bulk/1.zip /opt/vectorkeep/code.zip");
      expect(called.filter((line) => line.startsWith("systemctl"))).toEqual([
        "systemctl daemon-reload",
        "systemctl enable --now bulk-log.service bulk-api.service bulk-nginx.service",
        ...[1, 2, 3].map((number) => `systemctl enable --now bulk-worker@${number}.service`),
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }

    function fake(name: string, more: string): void {
      writeFileSync(at("bin", name), `#!/bin/bash\necho "${name} $*" >>${at("called")}\n${more}\n`);
      chmodSync(at("bin", name), 0o755);
    }
  },
);

test("a step that fails ends the script: a machine that is half set up never serves", () => {
  expect(readFileSync(join(host, "setup.sh"), "utf8")).toMatch(/^set -euo pipefail$/m);
});
