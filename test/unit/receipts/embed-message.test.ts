import fc from "fast-check";
import { EmbedMessageInvalid, parseEmbedMessage } from "../../../core/receipts/embed-message.ts";
import { image } from "./rows-of.ts";

const message = {
  image_id: image,
  receipt_id: 1,
  artifacts_bucket: "vectorkeep-dev-artifacts",
  lines_key: `receipts/${image}/receipt-00001/lines-0a1b.ndjson`,
  words_key: `receipts/${image}/receipt-00001/words-2c3d.ndjson`,
};

function problemsOf(body: unknown): string {
  try {
    parseEmbedMessage(typeof body === "string" ? body : JSON.stringify(body));
  } catch (error) {
    expect(error).toBeInstanceOf(EmbedMessageInvalid);
    return (error as Error).message;
  }
  throw new Error("The message was accepted.");
}

test("a message is read with and without the time of its export", () => {
  expect(parseEmbedMessage(JSON.stringify(message))).toEqual(message);
  expect(parseEmbedMessage(JSON.stringify({ ...message, exported_at: 5 })).exported_at).toBe(5);
});

test("a body that is not JSON is named so", () => {
  expect(problemsOf("hello")).toMatch(/the body is not JSON/);
});

test("every problem is named at once, with what to do", () => {
  const { lines_key: _, ...keyless } = message;
  const text = problemsOf({ ...keyless, receipt_id: 0, artifacts_bucket: "No Bucket" });
  expect(text).toMatch(/lines_key/);
  expect(text).toMatch(/receipt_id/);
  expect(text).toMatch(/artifacts_bucket: not a bucket name/);
  expect(text).toMatch(/npm run export/);
});

test.each(["../../etc/passwd", "not-a-uuid", `${image}/..`, ""])("the image_id %j is no UUID (F25)", (id) => {
  expect(problemsOf({ ...message, image_id: id })).toMatch(/image_id: not a UUID/);
});

test("no key with an empty, `.` or `..` segment is accepted, wherever it stands (F25)", () => {
  const bad = fc
    .tuple(
      fc.array(fc.constantFrom("receipts", "a", "b.ndjson")),
      fc.constantFrom("", ".", ".."),
      fc.array(fc.constant("c")),
    )
    .map(([before, segment, after]) => [...before, segment, ...after].join("/"));
  fc.assert(
    fc.property(bad, (key) => {
      expect(problemsOf({ ...message, words_key: key })).toMatch(/words_key/);
    }),
  );
});
