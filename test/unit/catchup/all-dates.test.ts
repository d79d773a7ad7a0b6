import { readProcessRequest } from "../../../core/catchup/requests/process-request.ts";
import { RequestInvalidError } from "../../../core/catchup/requests/request-errors.ts";

const defaults = { questionId: "12", namespace: "v2", batchSize: 100, model: "small" };
const file = { data_source: "s3_csv", s3_key: "a.csv" };
const read = (input: Record<string, unknown>, day = "2026-03-01") =>
  readProcessRequest(input, defaults, Date.parse(`${day}T12:00:00Z`));

test("a file can be asked for whole: its request is the same on every day, and needs no column", () => {
  const asked = read({ ...file, all_dates: "true" });
  expect(asked).toMatchObject({
    all_dates: true,
    start_date: "0001-01-01",
    end_date: "9999-12-31",
    date_column_required: false,
  });
  expect(read({ ...file, all_dates: true }, "2026-03-02")).toEqual(asked);
});

test("a request without all_dates keeps its dates", () => {
  expect(read({ ...file, all_dates: false })).toEqual(read(file));
  expect(read(file)).not.toHaveProperty("all_dates");
});

test.each([
  ["with a first day", { ...file, start_date: "2026-01-01" }],
  ["with a last day", { ...file, end_date: "2026-03-01" }],
  ["with a column to filter by", { ...file, date_column: "day" }],
])("all dates are refused %s", (_, input) => {
  expect(() => read({ ...input, all_dates: true })).toThrow(RequestInvalidError);
  expect(() => read({ ...input, all_dates: true })).toThrow(/all_dates is "?true/);
});

test("all_dates is valid for a question too: it may have no variables for dates", () => {
  expect(read({ all_dates: true })).toMatchObject({ data_source: "metabase", all_dates: true });
});
