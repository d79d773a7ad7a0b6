import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const script = `import { metricsLoggedAtOnce } from ${JSON.stringify(join(import.meta.dirname, "../../../core/metrics.ts"))};
const metrics = metricsLoggedAtOnce("query-server");
metrics.count("ManifestMismatches", 1);
metrics.count("ManifestMismatches", 1);
process.kill(process.pid, "SIGKILL");`;

test("a process without invocations has written what it counted when it dies, a line each, in CloudWatch's format", async () => {
  const died = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
    env: { POWERTOOLS_METRICS_NAMESPACE: "vectorkeep-test" },
  });
  const { stdout } = await died.catch((error: { stdout: string }) => error);
  const lines = stdout.trim().split("\n");
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    expect(JSON.parse(line)).toMatchObject({
      service: "query-server",
      ManifestMismatches: 1,
      _aws: {
        CloudWatchMetrics: [
          {
            Namespace: "vectorkeep-test",
            Dimensions: [["service"]],
            Metrics: [{ Name: "ManifestMismatches", Unit: "Count" }],
          },
        ],
      },
    });
  }
});
