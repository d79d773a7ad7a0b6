import { eventually } from "./eventually.ts";
import { nothingWasRefused } from "./looking.ts";
import { ocrFiles } from "./receipt-rows.ts";
import { RunningStack } from "./running-stack.ts";
import { completed, send } from "./sending.ts";
import { type CollectedSpan, SpanCollector } from "./span-collector.ts";

jest.setTimeout(300_000);

const receipt = ocrFiles(["HARBOUR BOOKSHOP", "ATLAS OF CLOUDS 24.00", "TOTAL 24.00"]);
let collector: SpanCollector;
let stack: RunningStack;

beforeAll(async () => {
  collector = await SpanCollector.start();
  stack = await RunningStack.start({ "tracing:enabled": "true", "tracing:endpoint": collector.url });
});

afterAll(async () => {
  await stack?.stop();
  collector?.stop();
});

const named = (service: string, name: string) =>
  collector.spans.filter((span) => span.service === service && span.name === name);
const linksTo = (cause: CollectedSpan) => (span: CollectedSpan) =>
  span.links?.some(({ traceId, spanId }) => traceId === cause.traceId && spanId === cause.spanId) ?? false;

test("the spans of one exported receipt are linked from the embed function to both of its cycles", async () => {
  await send(stack, receipt);
  await completed(stack, receipt);
  await eventually(30, async () => {
    const [embed] = named("embed", "embed");
    expect(embed).toBeDefined();
    if (embed === undefined) return;
    expect(named("stream-processor", "stream-processor").filter(linksTo(embed))).not.toEqual([]);
    const cycles = named("compaction", "compaction.cycle").filter(linksTo(embed));
    expect(cycles.length).toBeGreaterThanOrEqual(2);
    const invocations = named("compaction", "compaction").map(({ spanId }) => spanId);
    for (const { parentSpanId } of cycles) expect(invocations).toContain(parentSpanId);
  });
});

test("each request, delta, step and segment of its way is a span below its function's", async () => {
  await eventually(30, async () => {
    const embed = named("embed", "embed").map(({ spanId }) => spanId);
    expect(named("embed", "embedding.request").map(({ traceId }) => traceId)).not.toEqual([]);
    expect(named("embed", "delta.write")).toHaveLength(2);
    for (const { parentSpanId } of named("embed", "delta.write")) expect(embed).toContain(parentSpanId);
    const cycles = named("compaction", "compaction.cycle").map(({ spanId }) => spanId);
    const steps = named("compaction", "compaction.move_head");
    expect(steps.length).toBeGreaterThanOrEqual(2);
    for (const { parentSpanId } of steps) expect(cycles).toContain(parentSpanId);
  });
});

test("every line of an invocation carries the id of its trace", async () => {
  const [embed] = named("embed", "embed");
  const lines = await stack.logged(stack.outputs.logGroups.embed, `"${embed?.traceId}"`);
  expect(lines.length).toBeGreaterThan(0);
  const all = await stack.logged(stack.outputs.logGroups.embed, "function_request_id");
  expect(all.filter((line) => JSON.parse(line).trace_id === undefined)).toEqual([]);
});

test("no process of the stack was refused anything", () => nothingWasRefused(stack));
