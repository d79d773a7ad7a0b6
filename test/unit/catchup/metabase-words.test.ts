import { failureAtEnd, wordsOf } from "../../../core/catchup/sources/metabase-words.ts";

const rows = "id,formatted_text\n1,a\n";

test.each([
  ["on one line, with a newline", '{"error":"killed"}\n', "killed"],
  ["on one line, without one", '{"error":"killed"}', "killed"],
  ["pretty-printed", '{\n  "error": "killed"\n}', "killed"],
  ["as an object", '{"error":{"msg":"killed"},"status":"failed"}', "killed"],
  ["as an object with a message", '{"error":{"message":"killed"}}', "killed"],
  ["as a message", '{"message":"killed"}\r\n', "killed"],
  ["in the middle of a row", '2,b{"error":"killed"}', "killed"],
  [
    "after its other fields",
    '{"data":{"rows":[],"cols":[]},"via":[{"a":1},{"b":2}],"error":"killed"}',
    "killed",
  ],
  ["with neither words nor error", '{"status":"failed"}', "it says failed, without a reason"],
  [
    "with a long trace",
    JSON.stringify({ error: "killed", stacktrace: Array(900).fill({ line: "at x" }) }),
    "killed",
  ],
])("F34: a failure that follows the rows is found %s", (_, end, words) => {
  expect(failureAtEnd(rows + end)).toBe(words);
});

test.each([
  ["a row", "2,b\n"],
  ["a quoted cell of JSON", '2,"{""error"":""killed""}"\n'],
  ["a quoted cell of JSON in lines", '2,"{\n  ""error"": ""killed""\n}"\n'],
  ["a cell in braces", "2,{killed}\n"],
  ["nothing", ""],
])("an export that ends in %s has not failed", (_, end) => {
  expect(failureAtEnd(rows + end)).toBeUndefined();
});

test("F31: a megabyte of braces is looked through in a bounded number of steps", () => {
  const parse = jest.spyOn(JSON, "parse");
  expect(failureAtEnd(`${'{"a":'.repeat(200_000)}}`)).toBeUndefined();
  expect(parse.mock.calls.length).toBeLessThanOrEqual(2_000);
  parse.mockRestore();
});

test.each([
  [
    '{"errors":{"id":"value must be an integer greater than zero."}}',
    '{"id":"value must be an integer greater than zero."}',
  ],
  [
    '{"message":"Invalid parameter: Card 12 does not have a template tag named \\"x\\"."}',
    'Invalid parameter: Card 12 does not have a template tag named "x".',
  ],
  ["Not found.", "Not found."],
  ["<html>login</html>", undefined],
  ["", undefined],
])("of %s the words are %s", (body, words) => {
  expect(wordsOf(body)).toBe(words);
});
