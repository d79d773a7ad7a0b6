import {
  currentTraceId,
  optionalTraceparent,
  parseTraceparent,
  xrayContext,
} from "../../../core/tracing/traceparent.ts";

const traceId = "5759e988bd862e3fe1be46a994272793";
const written = `00-${traceId}-53995c3f42cd8ad8-01`;

test("a traceparent is read as a remote span", () => {
  expect(parseTraceparent(written)).toEqual({
    traceId,
    spanId: "53995c3f42cd8ad8",
    traceFlags: 1,
    isRemote: true,
  });
});

test.each(["", "00", written.toUpperCase(), `${written}-00`, `00-${"0".repeat(32)}-53995c3f42cd8ad8-01`])(
  "%j is no span",
  (text) => expect(parseTraceparent(text)).toBeUndefined(),
);

test.each([[undefined], [7], ["ours"], [null]])(
  "a malformed traceparent %j of an item counts as none",
  (value) => {
    expect(optionalTraceparent.parse(value)).toBeUndefined();
  },
);

test("the header of X-Ray names the same trace in its own form", () => {
  const header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
  expect(xrayContext(header)).toMatchObject({ traceId, spanId: "53995c3f42cd8ad8", traceFlags: 1 });
  expect(xrayContext(`${header};Lineage=1:a:0`)).toMatchObject({ traceFlags: 1 });
  expect(xrayContext(header.replace("Sampled=1", "Sampled=0"))).toMatchObject({ traceFlags: 0 });
  expect(xrayContext("Root=1-5759e988;Sampled=1")).toBeUndefined();
});

test.each([
  [
    "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
    "5759e988bd862e3fe1be46a994272793",
  ],
  ["Root=1-5759e988-bd862e3fe1be46a994272793", "5759e988bd862e3fe1be46a994272793"],
  ["Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=f:1", "5759e988bd862e3fe1be46a994272793"],
  ["Root=1-5759e988", undefined],
  [undefined, undefined],
])("an invocation with the header %s has the trace id %s, also where it is not traced", (header, id) => {
  expect(currentTraceId(header)).toBe(id);
});
