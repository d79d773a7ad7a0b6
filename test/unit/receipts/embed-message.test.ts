import fc from "fast-check";
import {
  EmbedMessageInvalidError,
  ExportTimeImpossibleError,
  parseEmbedMessage,
  revisionOf,
} from "../../../core/receipts/embed-message.ts";
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
    expect(error).toBeInstanceOf(EmbedMessageInvalidError);
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

test.each([
  [
    "an SNS envelope",
    { Type: "Notification", TopicArn: "t", Message: JSON.stringify(message) },
    /SNS envelope.*raw message delivery/,
  ],
  ["JSON with a byte order mark", `\ufeff${JSON.stringify(message)}`, /byte order mark/],
  ["a JSON string of JSON", JSON.stringify(JSON.stringify(message)), /encoded twice/],
  ["a list", "[]", /a list, not an object/],
  ["null", "null", /null, not an object/],
  ["a number as text", { ...message, receipt_id: "1" }, /receipt_id/],
  ["S3's test event", { Event: "s3:TestEvent" }, /test event of an S3 notification/],
  ["an event of S3", { Records: [] }, /AWS event/],
  ["a doubled key", JSON.stringify(message).replace("{", '{"receipt_id":2,'), /receipt_id: duplicate key/],
  ["nothing", "", /not JSON/],
])("%s is refused, and named", (_, body, reason) => expect(problemsOf(body)).toMatch(reason));

describe("F37: the time of an export", () => {
  const sentAt = 1_764_460_000_000;
  const at = (exported_at: number) => revisionOf({ ...message, exported_at }, sentAt, 300_000);

  test("is the revision; without it, the queue's time is", () => {
    expect([at(sentAt - 5), at(sentAt + 299_000), at(5)]).toEqual([sentAt - 5, sentAt + 299_000, 5]);
    expect(revisionOf(message, sentAt, 300_000)).toBe(sentAt);
  });

  test.each([
    [sentAt * 1_000, /looks like microseconds/],
    [sentAt * 1_000_000, /looks like nanoseconds/],
    [sentAt / 1_000, /looks like seconds/],
    [sentAt + 600_000, /a clock that is 10 minutes ahead/],
  ])("%d is refused, with the unit that it looks like", (exportedAt, reason) => {
    expect(() => at(exportedAt)).toThrow(ExportTimeImpossibleError);
    expect(() => at(exportedAt)).toThrow(reason);
    expect(parseEmbedMessage(JSON.stringify({ ...message, exported_at: exportedAt })).exported_at).toBe(
      exportedAt,
    );
  });
});
