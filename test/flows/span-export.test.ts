import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { silentLog } from "../../core/log.ts";
import { ProcessTracing } from "../../core/tracing/process-tracing.ts";
import { inSpan } from "../../core/tracing/span.ts";
import { currentTraceparent } from "../../core/tracing/traceparent.ts";
import { buildProgram, projectRoot } from "../../infra/bundles/build-program.ts";
import { programFiles } from "../../infra/bundles/bundle.ts";
import { exporterFile } from "../../infra/bundles/lean-imports.ts";
import { eventually } from "./eventually.ts";
import { SpanCollector } from "./span-collector.ts";

const header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";
const before = process.env._X_AMZN_TRACE_ID;
let collector: SpanCollector;

afterEach(() => {
  collector?.stop();
  if (before === undefined) delete process.env._X_AMZN_TRACE_ID;
  else process.env._X_AMZN_TRACE_ID = before;
});

test("without an endpoint there is no span, and nothing carries a traceparent", async () => {
  const tracing = new ProcessTracing("embed", silentLog, undefined);
  const seen: string[] = [];
  const traceparent = await tracing.invocation(
    (traceId) => seen.push(traceId),
    () => inSpan("work", {}, async () => currentTraceparent()),
  );
  expect([traceparent, seen]).toEqual([undefined, []]);
});

test("X-Ray's sampled trace alone is carried on and named in the log", async () => {
  process.env._X_AMZN_TRACE_ID = header.replace("Sampled=0", "Sampled=1");
  const tracing = new ProcessTracing("embed", silentLog, undefined);
  const seen: string[] = [];
  const traceparent = await tracing.invocation(
    (traceId) => seen.push(traceId),
    async () => currentTraceparent(),
  );
  expect(traceparent).toBe("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01");
  expect(seen).toEqual(["5759e988bd862e3fe1be46a994272793"]);
});

test("an invocation ends, with its own answer or error, although the collector never answers", async () => {
  collector = await SpanCollector.start({ isSilent: true });
  const program = `
    import { ProcessTracing } from ${JSON.stringify(join(projectRoot, "core/tracing/process-tracing.ts"))};
    import { inSpan } from ${JSON.stringify(join(projectRoot, "core/tracing/span.ts"))};
    const tracing = new ProcessTracing("embed", console as never);
    const invoke = (work) => tracing.invocation(() => undefined, () => inSpan("work", { texts: 3 }, work));
    const answer = await invoke(async () => "the answer");
    const error = await invoke(() => Promise.reject(new TypeError("a bug"))).catch(({ message }) => message);
    console.log(JSON.stringify([answer, error]));`;
  const child = await running(program, { TRACING_ENDPOINT: collector.url, _X_AMZN_TRACE_ID: header });
  expect(await child.line).toBe('["the answer","a bug"]');
  const [work, invocation] = await eventually(20, async () => {
    expect(collector.spans.length).toBeGreaterThanOrEqual(2);
    return collector.spans;
  });
  child.end();
  expect(work).toMatchObject({ name: "work", traceId: "5759e988bd862e3fe1be46a994272793" });
  expect(invocation).toMatchObject({ name: "embed", parentSpanId: "53995c3f42cd8ad8" });
  expect(work?.parentSpanId).toBe(invocation?.spanId);
});

/** The program as a deployment bundles it, beside the exporter that it loads on demand. */
async function running(source: string, env: Readonly<Record<string, string>>) {
  await mkdir(join(projectRoot, ".build"), { recursive: true });
  const folder = await mkdtemp(join(projectRoot, ".build", "span-export-"));
  const entry = join(folder, "entry.ts");
  await writeFile(entry, source);
  for (const [name, program] of [
    ["index.mjs", entry],
    [exporterFile, "core/tracing/exporter.ts"],
  ] as const) {
    for (const [path, content] of programFiles(name, await buildProgram(program)))
      await writeFile(join(folder, path), content);
  }
  const child = spawn(process.execPath, [join(folder, "index.mjs")], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = once(createInterface(child.stdout), "line").then(([text]) => String(text));
  const end = () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  };
  return { line, end };
}
