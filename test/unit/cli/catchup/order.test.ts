import { readOrder } from "../../../../cli/catchup/order.ts";

const requestOf = (...args: string[]) => {
  const { order } = readOrder(args);
  return order.kind === "start" ? order.request : undefined;
};

test("a file alone is all of its rows, whatever their dates", () => {
  expect(readOrder(["a.csv"])).toEqual({
    order: {
      kind: "start",
      file: "a.csv",
      request: { data_source: "s3_csv", all_dates: true, dry_run: false, incremental: false },
      idempotencyKey: undefined,
    },
    stack: undefined,
  });
});

test("days, namespace, question, host and ways of running become parameters of the API", () => {
  const given = ["--from", "2026-01-01", "--to", "2026-01-31", "--namespace", "n", "--question", "7"];
  expect(
    requestOf("a.csv", ...given, "--host", "auto", "--lane", "batch", "--dry-run", "--incremental"),
  ).toEqual({
    data_source: "s3_csv",
    start_date: "2026-01-01",
    end_date: "2026-01-31",
    namespace: "n",
    question_id: "7",
    host: "auto",
    lane: "batch",
    dry_run: true,
    incremental: true,
  });
});

test("a file that stands in the bucket, its column of dates, the batch size and a key", () => {
  const { order } = readOrder([
    "--s3-key",
    "in/a.csv",
    "--date-column",
    "day",
    "--batch-size",
    "50",
    "--idempotency-key",
    "nightly",
  ]);
  expect(order).toEqual({
    kind: "start",
    file: undefined,
    request: {
      data_source: "s3_csv",
      s3_key: "in/a.csv",
      date_column: "day",
      batch_size: "50",
      dry_run: false,
      incremental: false,
    },
    idempotencyKey: "nightly",
  });
});

test("a model is a parameter of the API; a namespace is forgotten by its name", () => {
  expect(requestOf("a.csv", "--model", "large")).toMatchObject({ model: "large" });
  expect(readOrder(["--forget-namespace", "orders", "--yes", "--stack", "dev"])).toEqual({
    order: { kind: "forget-namespace", namespace: "orders", isConfirmed: true },
    stack: "dev",
  });
  expect(() => readOrder(["--forget-namespace", "orders", "a.csv"])).toThrow("Give one CSV file");
});

test("F36: the failed records of a task, on the screen or as a CSV", () => {
  expect(readOrder(["--failed", "task-1"]).order).toEqual({
    kind: "failed",
    taskId: "task-1",
    csv: undefined,
  });
  const { order } = readOrder(["--failed", "task-1", "--csv", "failed.csv"]);
  expect(order).toEqual({ kind: "failed", taskId: "task-1", csv: "failed.csv" });
});

test("the newest tasks, of one status or of all", () => {
  expect(readOrder(["--list"]).order).toEqual({ kind: "list", status: undefined });
  expect(readOrder(["--list", "--status", "FAILED"]).order).toEqual({ kind: "list", status: "FAILED" });
});

test("a question has no file, and by default the days of the API", () => {
  expect(requestOf("--metabase", "42")).toEqual({
    data_source: "metabase",
    question_id: "42",
    dry_run: false,
    incremental: false,
  });
});

test.each([["follow"], ["retry"], ["cancel"]])("--%s names a task, here or on a deployed stack", (kind) => {
  expect(readOrder([`--${kind}`, "task-1", "--stack", "dev"])).toEqual({
    order: { kind, taskId: "task-1" },
    stack: "dev",
  });
});

test.each([
  ["nothing", []],
  ["two files", ["a.csv", "b.csv"]],
  ["a file and a question", ["a.csv", "--metabase", "42"]],
  ["a task and a file", ["a.csv", "--retry", "task-1"]],
  ["an end without a beginning", ["a.csv", "--to", "2026-01-31"]],
  ["two questions", ["--metabase", "42", "--question", "7"]],
  ["a list and a file", ["a.csv", "--list"]],
  ["a file and a key", ["a.csv", "--s3-key", "b.csv"]],
  ["a file for no failed records", ["a.csv", "--csv", "b.csv"]],
  ["a status of no list", ["a.csv", "--status", "FAILED"]],
  ["what is no option", ["a.csv", "--fast"]],
])("%s is refused with the way to the help", (_, args) => {
  expect(() => readOrder(args)).toThrow("npx vectorkeep catchup --help");
});
