import { errorIn, safeWords, statusOf } from "../../../core/embedding/provider-error.ts";

test.each([
  ["no such key: plainword", "plainword", "no such key: ***"],
  ["no such key: sk-abcdef123456", "another", "no such key: ***"],
  ["no such key: ab***********yz", "another", "no such key: ***"],
  ["Rows\n  are\tmissing.", "", "Rows are missing."],
])("F24: the message %j is reported without the key", (message, key, words) => {
  expect(safeWords(message, key)).toBe(words);
});

test("F32: words of any length are cut", () => {
  expect(safeWords("word ".repeat(10_000), "key").length).toBeLessThanOrEqual(300);
});

test.each([
  [{ error: { message: "a", code: 429 } }, "a", 429],
  [{ error: { message: "a", code: "rate_limit_exceeded" } }, "a", 429],
  [{ error: { message: "a", status: "UNAUTHENTICATED" } }, "a", 401],
  [[{ error: { message: "a", status: "INVALID_ARGUMENT" } }], "a", 400],
  [{ errors: [{ message: "a" }] }, "a", 503],
  [{ detail: [{ msg: "a" }] }, '[{"msg":"a"}]', 503],
  [{ error: { nested: { odd: 1 } } }, '{"nested":{"odd":1}}', 503],
])("F34: the error in %j", (body, message, status) => {
  const error = errorIn(body);
  expect(error?.message).toBe(message);
  expect(statusOf(body, error ?? { message: "", code: undefined, param: undefined })).toBe(status);
});

test.each([null, [], 7, "text", {}, { error: null }, { error: "" }, { data: [] }])(
  "there is no error in %j",
  (body) => {
    expect(errorIn(body)).toBeUndefined();
  },
);
