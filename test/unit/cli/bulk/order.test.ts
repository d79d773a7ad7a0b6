import { readBulkOrder, usage } from "../../../../cli/bulk/order.ts";

const orderOf = (...args: string[]) => readBulkOrder(args).order;

test("a file is processed whole, whatever the dates of its rows", () => {
  expect(orderOf("rows.csv")).toEqual({
    kind: "start",
    file: "rows.csv",
    request: { data_source: "s3_csv", dry_run: false, incremental: false, all_dates: true },
    idempotencyKey: undefined,
  });
});

test("sizes are numbers, and what is none is left to the API, which names every bad parameter", () => {
  const order = orderOf("rows.csv", "--chunk-size", "500", "--batch-size", "many", "--priority", "high");
  expect(order).toMatchObject({ request: { chunk_size: 500, batch_size: "many", priority: "high" } });
});

test("a question has dates of its own", () => {
  const order = orderOf("--metabase", "42", "--from", "2026-01-01", "--to", "2026-01-31");
  expect(order).toMatchObject({
    file: undefined,
    request: { data_source: "metabase", question_id: "42", start_date: "2026-01-01", end_date: "2026-01-31" },
  });
});

test.each(["status", "cancel", "retry"] as const)("%s takes one task", (kind) => {
  expect(orderOf(kind, "task-1")).toMatchObject({ kind, taskId: "task-1" });
  expect(() => orderOf(kind)).toThrow(`${kind} takes one task`);
  expect(() => orderOf(kind, "task-1", "task-2")).toThrow(`${kind} takes one task`);
});

test("retry takes the failed records of all chunks, or of those that are named", () => {
  expect(orderOf("retry", "task-1")).toEqual({ kind: "retry", taskId: "task-1", chunks: undefined });
  expect(orderOf("retry", "task-1", "--chunk", "3", "--chunk", "7")).toMatchObject({ chunks: [3, 7] });
});

test("tasks, health, monitor and help are orders of their own, of any stack", () => {
  expect(readBulkOrder(["tasks", "--status", "failed", "--stack", "prod"])).toEqual({
    order: { kind: "tasks", status: "failed" },
    stack: "prod",
  });
  for (const kind of ["health", "monitor"]) expect(orderOf(kind)).toEqual({ kind });
  expect(orderOf("--help")).toEqual({ kind: "help" });
});

test.each([
  [[]],
  [["a.csv", "b.csv"]],
  [["a.csv", "--metabase", "42"]],
  [["a.csv", "--s3-key", "k"]],
  [["a.csv", "--to", "2026-01-01"]],
  [["--metabase", "42", "--question", "43"]],
  [["a.csv", "--status", "failed"]],
  [["a.csv", "--chunk", "1"]],
  [["retry", "task-1", "--chunk", "one"]],
  [["a.csv", "--colour", "red"]],
])("%j is refused with the way to the help", (args) => {
  expect(() => orderOf(...args)).toThrow("npx vectorkeep bulk --help");
});

test("the help names every option", () => {
  for (const option of [
    "--priority",
    "--chunk-size",
    "--batch-size",
    "--s3-key",
    "--stack",
    "cancel",
    "retry",
  ]) {
    expect(usage).toContain(option);
  }
});
