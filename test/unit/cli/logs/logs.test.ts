import { readArguments } from "../../../../cli/logs/arguments.ts";
import { lineOf } from "../../../../cli/logs/line.ts";
import { groupsOf } from "../../../../cli/logs/read-logs.ts";

const now = Date.parse("2026-11-30T12:00:00Z");

test.each([
  ["90s", "2026-11-30T11:58:30.000Z"],
  ["15m", "2026-11-30T11:45:00.000Z"],
  ["3d", "2026-11-27T12:00:00.000Z"],
])("--since %s counts back from now", (since, from) => {
  expect(new Date(readArguments(["--since", since], now).since).toISOString()).toBe(from);
});

test("a duration without a unit is refused with the forms that there are", () => {
  expect(() => readArguments(["--since", "90"], now)).toThrow(/90s, 15m, 2h or 3d/);
});

const outputs = {
  logGroups: { embed: "/aws/lambda/embed", queryServer: undefined },
  catchUp: { logGroups: { api: "/aws/lambda/api" } },
} as unknown as Parameters<typeof groupsOf>[0];

test("all groups of the stack are read by default, those of services that it lacks are not", () => {
  expect([...groupsOf(outputs, [])]).toEqual([
    ["embed", "/aws/lambda/embed"],
    ["catchUp.api", "/aws/lambda/api"],
  ]);
});

test("an unknown function is refused with those that there are", () => {
  expect(() => groupsOf(outputs, ["embedd"])).toThrow(/no function embedd; there are embed, catchUp\.api/);
});

test("a line has its time, function, level, message and fields, and no control sequence", () => {
  const message = JSON.stringify({
    level: "ERROR",
    message: "An embed message failed",
    service: "embed",
    cold_start: true,
    error_code: "VK_OBJECT_MISSING",
    rejected_rows: 2,
    reason: "a\u001b[31mred",
  });
  expect(lineOf({ at: now, group: "embed", message })).toBe(
    "2026-11-30T12:00:00.000Z embed ERROR An embed message failed error_code=VK_OBJECT_MISSING rejected_rows=2 reason=ared",
  );
});

test("what is no JSON is shown as it is", () => {
  expect(lineOf({ at: now, group: "embed", message: "REPORT RequestId: 1\n" })).toBe(
    "2026-11-30T12:00:00.000Z embed REPORT RequestId: 1",
  );
});
