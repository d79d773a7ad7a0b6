import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { type LocalServices, startLocalServices } from "./local-services.ts";

let services: LocalServices;
let s3: S3Client;
let buckets = 0;
let Bucket: string;

const readOnly = {
  name: "read-only",
  accessKeyId: "read-only",
  policies: [
    {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }],
    },
  ],
};

beforeAll(async () => {
  services = await startLocalServices([readOnly]);
  s3 = new S3Client(services.client());
});
beforeEach(async () => {
  Bucket = `bucket-${++buckets}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  s3.destroy();
  await services.stop();
});

const put = (
  Key: string,
  Body: NonNullable<PutObjectCommandInput["Body"]>,
  more: Partial<PutObjectCommandInput> = {},
) => s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = async (Key: string, more: Partial<GetObjectCommandInput> = {}) => {
  const answer = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return { ...answer, text: (await answer.Body?.transformToString()) ?? "" };
};
const sha256 = (text: string) => createHash("sha256").update(text).digest("base64");
const keys = (answer: { Contents?: { Key?: string | undefined }[] | undefined }) =>
  (answer.Contents ?? []).map((object) => object.Key);

describe("an object", () => {
  test("is returned as it was put, with its type and metadata, under any key", async () => {
    for (const Key of ["plain", "a folder/b+c&d=e?.txt", "é/🧾", "..dots/a..b"]) {
      await put(Key, `body of ${Key}`, { ContentType: "text/plain", Metadata: { run: "7" } });
      expect(await get(Key)).toMatchObject({
        text: `body of ${Key}`,
        ContentType: "text/plain",
        Metadata: { run: "7" },
        ContentLength: Buffer.byteLength(`body of ${Key}`),
      });
    }
  });

  // The path of such a key would resolve to another object than the caller has permission for.
  test("cannot have . or .. as a part of its key", async () => {
    for (const Key of ["a/../b", "..", "a/."]) {
      await expect(put(Key, "x")).rejects.toMatchObject({ name: "InvalidURI" });
    }
  });

  // The SDK sends a stream in chunks with a checksum trailer (aws-chunked); the frames are not part of the object.
  test("is returned without the frames of a chunked upload", async () => {
    await put("stream", Readable.from([Buffer.from("one,"), Buffer.from("two")]), { ContentLength: 7 });
    expect(await get("stream")).toMatchObject({ text: "one,two", ContentLength: 7 });
    expect((await get("stream")).ContentEncoding).toBeUndefined();
  });

  test("may be larger than 11 MiB", async () => {
    const body = Buffer.alloc(12 * 1_048_576 + 5, "vectors");
    await put("large", body);
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: "large" }))).toMatchObject({
      ContentLength: body.length,
      ETag: `"${createHash("md5").update(body).digest("hex")}"`,
    });
  });

  test("may be empty", async () => {
    await put("empty", Buffer.alloc(0));
    expect(await get("empty")).toMatchObject({ text: "", ContentLength: 0 });
  });

  test("is read in ranges, and a range past its end is refused", async () => {
    await put("digits", "0123456789");
    expect(await get("digits", { Range: "bytes=2-4" })).toMatchObject({
      text: "234",
      ContentRange: "bytes 2-4/10",
    });
    expect((await get("digits", { Range: "bytes=-3" })).text).toBe("789");
    expect((await get("digits", { Range: "bytes=8-99" })).text).toBe("89");
    await expect(get("digits", { Range: "bytes=10-" })).rejects.toMatchObject({
      name: "InvalidRange",
      $metadata: { httpStatusCode: 416 },
    });
  });

  test("is copied with its metadata, and gone after its deletion", async () => {
    await put("from", "copied", { Metadata: { run: "7" } });
    await s3.send(new CopyObjectCommand({ Bucket, Key: "to", CopySource: `${Bucket}/from` }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: "from" }));
    expect(await get("to")).toMatchObject({ text: "copied", Metadata: { run: "7" } });
    await expect(get("from")).rejects.toMatchObject({ name: "NoSuchKey" });
    await s3.send(new DeleteObjectCommand({ Bucket, Key: "from" }));
  });

  // Tags are not part of the object: body, type and metadata stay as they are.
  test("keeps its body when it is tagged, and loses its tags when it is replaced", async () => {
    await put("tagged", "body", { Tagging: "a=1" });
    const tags = async () => (await s3.send(new GetObjectTaggingCommand({ Bucket, Key: "tagged" }))).TagSet;
    expect(await tags()).toEqual([{ Key: "a", Value: "1" }]);
    const Tagging = { TagSet: [{ Key: "b", Value: "<2>" }] };
    await s3.send(new PutObjectTaggingCommand({ Bucket, Key: "tagged", Tagging }));
    expect(await tags()).toEqual(Tagging.TagSet);
    expect((await get("tagged")).text).toBe("body");
    await put("tagged", "new body");
    expect(await tags()).toEqual([]);
  });

  test("is put together from parts, in the order of their numbers", async () => {
    const Key = "parts";
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    // As exports of snapshots have.
    const part = Buffer.alloc(16 * 1_048_576, "a");
    const bodies = [part, Buffer.from("end")];
    const Parts = await Promise.all(
      bodies.map(async (Body, index) => {
        const PartNumber = index + 1;
        const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
        return { PartNumber, ETag };
      }),
    );
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
    const { text } = await get(Key);
    expect(text.length).toBe(part.length + 3);
    expect(text.endsWith("aend")).toBe(true);
  });

  test("does not exist while its upload is unfinished or aborted", async () => {
    const Key = "aborted";
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: "x" }));
    await expect(get(Key)).rejects.toMatchObject({ name: "NoSuchKey" });
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    await expect(get(Key)).rejects.toMatchObject({ name: "NoSuchKey" });
  });
});

describe("a conditional put", () => {
  const failed = { name: "PreconditionFailed", $metadata: { httpStatusCode: 412 } };

  test("with If-None-Match * writes a new key and refuses an existing one", async () => {
    await put("key", "first", { IfNoneMatch: "*" });
    await expect(put("key", "second", { IfNoneMatch: "*" })).rejects.toMatchObject(failed);
    expect((await get("key")).text).toBe("first");
  });

  test("lets exactly one of many concurrent writers win", async () => {
    const writers = Array.from({ length: 20 }, (_, index) =>
      put("race", `writer ${index}`, { IfNoneMatch: "*" }),
    );
    const won = (await Promise.allSettled(writers)).flatMap(({ status }, index) =>
      status === "fulfilled" ? [index] : [],
    );
    expect(won).toHaveLength(1);
    expect((await get("race")).text).toBe(`writer ${won[0]}`);
  });

  test("with If-Match replaces only the version it names", async () => {
    const { ETag } = await put("key", "first");
    await put("key", "second", { IfMatch: ETag });
    await expect(put("key", "third", { IfMatch: ETag })).rejects.toMatchObject(failed);
    await expect(put("absent", "x", { IfMatch: ETag })).rejects.toMatchObject({ name: "NoSuchKey" });
    expect((await get("key")).text).toBe("second");
  });
});

describe("a condition", () => {
  const failed = { name: "PreconditionFailed", $metadata: { httpStatusCode: 412 } };

  async function upload(Key: string, Body: string) {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    return (more: object) =>
      s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload, ...more }));
  }

  test("on the completion of a multipart upload is kept, and the upload can still be completed", async () => {
    const complete = await upload("key", "parts");
    const { ETag } = await put("key", "first");
    await expect(complete({ IfNoneMatch: "*" })).rejects.toMatchObject(failed);
    await expect(complete({ IfMatch: '"0"' })).rejects.toMatchObject(failed);
    expect((await get("key")).text).toBe("first");
    await complete({ IfMatch: ETag });
    expect((await get("key")).text).toBe("parts");
  });

  test("lets exactly one of many concurrent uploads complete", async () => {
    const uploads = await Promise.all(Array.from({ length: 5 }, (_, n) => upload("race", `upload ${n}`)));
    const settled = await Promise.allSettled(uploads.map((complete) => complete({ IfNoneMatch: "*" })));
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("on a copy is kept, of its source and of what it replaces", async () => {
    const { ETag } = await put("source", "body");
    await put("target", "old");
    const copy = (more: object) =>
      s3.send(new CopyObjectCommand({ Bucket, Key: "target", CopySource: `${Bucket}/source`, ...more }));
    await expect(copy({ CopySourceIfMatch: '"0"' })).rejects.toMatchObject(failed);
    await expect(copy({ CopySourceIfNoneMatch: ETag })).rejects.toMatchObject(failed);
    await expect(copy({ CopySourceIfModifiedSince: new Date() })).rejects.toMatchObject(failed);
    await expect(copy({ CopySourceIfUnmodifiedSince: new Date(0) })).rejects.toMatchObject(failed);
    await expect(copy({ IfNoneMatch: "*" })).rejects.toMatchObject(failed);
    expect((await get("target")).text).toBe("old");
    await copy({ CopySourceIfMatch: ETag, CopySourceIfUnmodifiedSince: new Date(0) });
    expect((await get("target")).text).toBe("body");
  });

  test("on a delete is kept, also key by key in a batch", async () => {
    const { ETag } = await put("a", "body");
    await put("b", "body");
    const remove = (Key: string, IfMatch: string) =>
      s3.send(new DeleteObjectCommand({ Bucket, Key, IfMatch }));
    await expect(remove("a", '"0"')).rejects.toMatchObject(failed);
    await expect(remove("absent", "*")).rejects.toMatchObject(failed);
    const Objects = [
      { Key: "a", ETag: '"0"' },
      { Key: "b", ETag },
    ];
    const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(Deleted).toEqual([{ Key: "b" }]);
    expect(Errors).toMatchObject([{ Key: "a", Code: "PreconditionFailed" }]);
    await remove("a", ETag ?? "");
    await expect(get("a")).rejects.toMatchObject({ name: "NoSuchKey" });
  });

  test("that the local S3 does not keep is refused", async () => {
    await put("key", "body");
    await expect(
      s3.send(new DeleteObjectCommand({ Bucket, Key: "key", IfMatchSize: 1 })),
    ).rejects.toMatchObject({ name: "NotImplemented", message: /x-amz-if-match-size of DeleteObject/ });
  });
});

test("tags are written with their object, and copied with it", async () => {
  const tagsOf = async (Key: string) => (await s3.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;
  const writers = Array.from({ length: 10 }, (_, n) =>
    put("key", `${n}`.repeat(300_000), { Tagging: `writer=${n}` }),
  );
  await Promise.all(writers);
  const { text } = await get("key");
  expect(await tagsOf("key")).toEqual([{ Key: "writer", Value: text[0] }]);
  await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/key` }));
  expect(await tagsOf("copy")).toEqual([{ Key: "writer", Value: text[0] }]);
});

describe("a digest sent with a body", () => {
  test("that matches is stored and returned to a reader who asks", async () => {
    await put("key", "body", { ChecksumSHA256: sha256("body") });
    expect(await get("key", { ChecksumMode: "ENABLED" })).toMatchObject({ ChecksumSHA256: sha256("body") });
  });

  test("that does not fit is refused with BadDigest, and nothing is stored", async () => {
    const wrong: Partial<PutObjectCommandInput>[] = [
      { ChecksumSHA256: sha256("other") },
      { ChecksumSHA1: Buffer.alloc(20).toString("base64") },
      { ChecksumCRC32: Buffer.alloc(4).toString("base64") },
      { ContentMD5: Buffer.alloc(16).toString("base64") },
    ];
    for (const digest of wrong) {
      for (const body of ["body", Buffer.alloc(300_000, "body")]) {
        await expect(put("key", body, digest)).rejects.toMatchObject({
          name: "BadDigest",
          $metadata: { httpStatusCode: 400 },
        });
      }
    }
    await expect(get("key")).rejects.toMatchObject({ name: "NoSuchKey" });
  });
});

describe("a listing", () => {
  const names = ["B", "a", "a-b", "a/1", "a/2", "b/1", "é"];

  // Keys are sorted by their UTF-8 bytes, not by any language's alphabet.
  test("is in byte order, whole, page by page", async () => {
    await Promise.all(names.map((name) => put(name, name)));
    expect(keys(await s3.send(new ListObjectsV2Command({ Bucket })))).toEqual(names);
    const paged: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 2, ContinuationToken }));
      paged.push(...keys(page));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(paged).toEqual(names);
  });

  test("is narrowed by prefix and start, and folded by delimiter", async () => {
    await Promise.all(names.map((name) => put(name, name)));
    expect(keys(await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "a/" })))).toEqual(["a/1", "a/2"]);
    expect(keys(await s3.send(new ListObjectsV2Command({ Bucket, StartAfter: "a/2" })))).toEqual([
      "b/1",
      "é",
    ]);
    const folded = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: "/" }));
    expect(keys(folded)).toEqual(["B", "a", "a-b", "é"]);
    expect(folded.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(["a/", "b/"]);
  });

  test("no longer has what a batch deleted", async () => {
    await Promise.all(names.map((name) => put(name, name)));
    const Objects = names.slice(1).map((Key) => ({ Key }));
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(keys(await s3.send(new ListObjectsV2Command({ Bucket })))).toEqual(["B"]);
  });
});

describe("what is missing", () => {
  test("answers 404: NoSuchKey, NotFound for a HEAD, NoSuchBucket", async () => {
    await expect(get("absent")).rejects.toMatchObject({
      name: "NoSuchKey",
      $metadata: { httpStatusCode: 404 },
    });
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key: "absent" }))).rejects.toMatchObject({
      name: "NotFound",
    });
    await expect(get("absent", { Bucket: "no-such-bucket" })).rejects.toMatchObject({ name: "NoSuchBucket" });
    await expect(put("key", "x", { Bucket: "no-such-bucket" })).rejects.toMatchObject({
      name: "NoSuchBucket",
    });
  });

  // Who may not list a bucket is not told which keys exist in it.
  test("answers 403 to a reader who may not list the bucket", async () => {
    await put("present", "body");
    const reader = new S3Client(services.client("read-only"));
    const found = await reader.send(new GetObjectCommand({ Bucket, Key: "present" }));
    expect(await found.Body?.transformToString()).toBe("body");
    await expect(reader.send(new GetObjectCommand({ Bucket, Key: "absent" }))).rejects.toMatchObject({
      name: "AccessDenied",
      $metadata: { httpStatusCode: 403 },
    });
    reader.destroy();
  });

  test("of the local S3 itself is refused by name, not half done", async () => {
    await expect(s3.send(new GetBucketVersioningCommand({ Bucket }))).rejects.toMatchObject({
      name: "NotImplemented",
      message: "The local S3 does not have this call: bucket GET versioning.",
    });
  });
});
