import { readProcessRequest } from "../../../core/catchup/requests/process-request.ts";
import { type ParameterProblem, RequestInvalidError } from "../../../core/catchup/requests/request-errors.ts";

const defaults = { questionId: "12", namespace: "v2", batchSize: 100, model: "small" };
const now = Date.parse("2026-03-01T12:00:00Z");

function read(input: Record<string, unknown>, changed: Partial<typeof defaults> = {}) {
  return readProcessRequest(input, { ...defaults, ...changed }, now);
}

function problemsOf(input: Record<string, unknown>, changed = {}): readonly ParameterProblem[] {
  try {
    read(input, changed);
  } catch (error) {
    if (error instanceof RequestInvalidError) return error.problems;
    throw error;
  }
  return [];
}

const namesOf = (input: Record<string, unknown>, changed = {}) =>
  problemsOf(input, changed).map(({ parameter }) => parameter);

test("names of a source's own are kept where they are not the usual ones; a request's win over the stack's", () => {
  const names = { id_column: "order_no", text_column: "formatted_text" };
  const asked = { start_variable: "von", id_column: "number" };
  const request = readProcessRequest(asked, { ...defaults, names }, now);
  expect(request).toMatchObject({ id_column: "number", start_variable: "von" });
  expect(request).not.toHaveProperty("text_column");
});

test("a request may name a model of the stack; that of the stack is as if it were not named", () => {
  const both = { ...defaults, furtherModels: ["large"] };
  expect(readProcessRequest({ model: "large" }, both, now)).toMatchObject({ model: "large" });
  expect(readProcessRequest({ model: "small" }, both, now)).toEqual(readProcessRequest({}, both, now));
  expect(namesOf({ model: "large" })).toEqual(["model"]);
  expect(namesOf({ model: "none", batch_size: 0 }, { furtherModels: ["large"] })).toEqual([
    "batch_size",
    "model",
  ]);
});

describe("what is not said", () => {
  test("has the defaults of the API: the question of yesterday and today, into the default namespace", () => {
    expect(read({})).toEqual({
      data_source: "metabase",
      start_date: "2026-02-28",
      end_date: "2026-03-01",
      question_id: "12",
      date_column: "created_at",
      date_column_required: false,
      namespace: "v2",
      batch_size: 100,
      dry_run: false,
      incremental: false,
      host: "auto",
    });
  });

  test("with a start date only is the day after it", () => {
    expect(read({ start_date: "2024-02-28" })).toMatchObject({
      start_date: "2024-02-28",
      end_date: "2024-02-29",
      date_column_required: true,
    });
  });

  test("may as well be sent empty", () => {
    const empty = { start_date: "", end_date: null, namespace: undefined, batch_size: "" };
    expect(read(empty)).toEqual(read({}));
  });
});

test("a query string and JSON ask for the same", () => {
  const common = { data_source: "s3_csv", s3_key: "a/b.csv", namespace: "n", date_column: "day" };
  const query = { ...common, question_id: "7", batch_size: "50", dry_run: "true", incremental: "false" };
  const json = { ...common, question_id: 7, batch_size: 50, dry_run: true, incremental: false };
  expect(read(query)).toEqual(read(json));
  expect(read(query)).toMatchObject({ question_id: "7", batch_size: 50, dry_run: true, date_column: "day" });
});

test("every bad parameter is named at once, with what was given and the accepted form", () => {
  const problems = problemsOf({
    start_date: "2024-02-30",
    end_date: "tomorrow",
    data_source: "excel",
    question_id: "a b",
    s3_key: "../secrets.csv",
    namespace: "a#b",
    batch_size: "1001",
    dry_run: "perhaps",
    host: "laptop",
    lane: "fast",
    colour: "red",
  });
  expect(problems.map(({ parameter }) => parameter).sort()).toEqual([
    ...["batch_size", "colour", "data_source", "dry_run", "end_date", "host", "lane", "namespace"],
    ...["question_id", "s3_key", "start_date"],
  ]);
  expect(problems).toContainEqual({
    parameter: "start_date",
    given: "2024-02-30",
    accepted: "a day as YYYY-MM-DD",
  });
  expect(problems.every(({ accepted }) => accepted.length > 0)).toBe(true);
});

describe("what does not go together is named beside what is bad in itself", () => {
  test("an end before the start", () => {
    expect(namesOf({ start_date: "2024-03-05", end_date: "2024-03-04", batch_size: 0 }).sort()).toEqual([
      "batch_size",
      "end_date",
    ]);
    expect(namesOf({ start_date: "2024-03-05", end_date: "2024-03-05" })).toEqual([]);
  });

  test("but not an end whose start is no day", () => {
    expect(namesOf({ start_date: "2024-02-30", end_date: "2024-03-04" })).toEqual(["start_date"]);
  });

  test("an end alone that is before yesterday", () => {
    expect(namesOf({ end_date: "2026-02-27" })).toEqual(["end_date"]);
  });

  test("a CSV without a key", () => {
    expect(namesOf({ data_source: "s3_csv", dry_run: "?" }).sort()).toEqual(["dry_run", "s3_key"]);
  });

  test("no question where the stack has no usual one", () => {
    expect(namesOf({}, { questionId: undefined })).toEqual(["question_id"]);
    expect(namesOf({ data_source: "s3_csv", s3_key: "a" }, { questionId: undefined })).toEqual([
      "question_id",
    ]);
  });

  test("a question of Metabase that is no number; other sources may name theirs", () => {
    expect(namesOf({ question_id: "sales" })).toEqual(["question_id"]);
    expect(namesOf({ question_id: "sales", data_source: "s3_csv", s3_key: "a" })).toEqual([]);
  });
});

test.each(["/a.csv", "a/../b.csv", "..", "./a", `${"é".repeat(513)}`])(
  "the key %s is not taken (F25)",
  (s3_key) => {
    expect(namesOf({ data_source: "s3_csv", s3_key })).toEqual(["s3_key"]);
  },
);

test.each(["0", "1.5", "1001", "ten", "-1", "0x10", "1e2", true])("%s is no batch size", (batch_size) => {
  expect(namesOf({ batch_size })).toEqual(["batch_size"]);
});

test("a long value is not repeated whole", () => {
  const [problem] = problemsOf({ namespace: "#".repeat(5_000) });
  expect(problem?.given).toHaveLength(103);
});

test("lane batch is not for one function, and sync is what a request means without a lane", () => {
  const lane = (given: object) =>
    read({ data_source: "s3_csv", s3_key: "a.csv", question_id: "7", ...given }).lane;
  expect([
    lane({}),
    lane({ lane: "sync" }),
    lane({ lane: "batch" }),
    lane({ lane: "auto", host: "function" }),
  ]).toEqual([undefined, undefined, "batch", "auto"]);
  expect(() => lane({ lane: "batch", host: "function" })).toThrow("lane");
});
