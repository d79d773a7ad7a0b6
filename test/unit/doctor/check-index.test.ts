import { IndexNotAllowedError } from "../../../core/catchup/index/index-errors.ts";
import type { VectorSink } from "../../../core/catchup/index/vector-sink.ts";
import { checkIndex } from "../../../core/doctor/check-index.ts";
import { FakeIndex } from "../catchup/fake-providers.ts";

/** A sink whose index of every namespace has this dimension. */
function sinkOf(sink: VectorSink["sink"], dimension: number | undefined): VectorSink {
  return Object.assign(new FakeIndex(), { sink, describe: async () => ({ dimension }) });
}

const check = (sink: VectorSink["sink"], dimension: number | undefined) =>
  checkIndex(sinkOf(sink, dimension), "records", "v2", 1_536);

test.each(["pinecone", "s3vectors", "chroma"] as const)(
  "%s with the stack's dimension is good",
  async (sink) => {
    expect(await check(sink, 1_536)).toMatchObject([{ status: "ok" }]);
  },
);

test("another dimension is a failure whose remedy is that of the sink", async () => {
  const [pinecone] = await check("pinecone", 768);
  expect(pinecone).toMatchObject({ status: "fail", todo: expect.stringContaining("catchup:pineconeHost") });
  const [s3Vectors] = await check("s3vectors", 768);
  expect(s3Vectors).toMatchObject({
    status: "fail",
    says: "The index in S3 Vectors (records) has 768 dimensions, but the stack embeds 1536.",
    todo: expect.stringContaining("catchup:namespace"),
  });
});

test("no index is a warning for Pinecone, which needs one, and good where the first task makes it", async () => {
  expect(await check("pinecone", undefined)).toMatchObject([{ status: "warn" }]);
  expect(await check("s3vectors", undefined)).toMatchObject([
    { status: "ok", says: expect.stringContaining("the first task makes the index of v2") },
  ]);
});

test("a sink that refuses the stack is a failure of the check, in its own words", async () => {
  const refusing = Object.assign(new FakeIndex(), {
    describe: () => Promise.reject(new IndexNotAllowedError("s3vectors", "a permission is missing")),
  });
  await expect(checkIndex(refusing, "records", "v2", 4)).rejects.toThrow(/^S3 Vectors refuses .*`pulumi up`/);
});
