import { SpanStatusCode, trace } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { StepTimes } from "../../../core/collections/cycle/step-times.ts";
import { ManualClock } from "../resilience/clocks.ts";

const exporter = new InMemorySpanExporter();
beforeAll(() => {
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  trace.setGlobalTracerProvider(provider);
});
beforeEach(() => exporter.reset());
afterAll(() => trace.disable());

const spans = () =>
  exporter.getFinishedSpans().map(({ name, status, attributes }) => [name, status.code, attributes]);

test("each step is a span, and its time is added up", () => {
  const clock = new ManualClock();
  const times = new StepTimes(clock);
  for (const [step, ms] of [
    ["lease", 5],
    ["read deltas", 7],
    ["lease", 1],
  ] as const) {
    times.begin(step);
    clock.advance(ms);
  }
  expect(times.end()).toEqual({ lease: 6, read_deltas: 7 });
  expect(spans().map(([name]) => name)).toEqual([
    "compaction.lease",
    "compaction.read_deltas",
    "compaction.lease",
  ]);
});

test("a step that fails ends its span, with the class of the error", () => {
  const times = new StepTimes(new ManualClock());
  times.begin("lease");
  times.begin("move head");
  times.fail(new TypeError("refused"));
  expect(spans()).toEqual([
    ["compaction.lease", SpanStatusCode.UNSET, {}],
    ["compaction.move_head", SpanStatusCode.ERROR, { "error.type": "TypeError" }],
  ]);
});
