import { join } from "node:path";
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import sharp from "sharp";
import { imageFlowAlone } from "../../local/image-flow-alone.ts";
import { eventually } from "./eventually.ts";
import { RunningStack } from "./running-stack.ts";

jest.setTimeout(240_000);

const samples = join(import.meta.dirname, "../../samples/images");
const seconds = 90;

let stack: RunningStack;
beforeAll(async () => {
  stack = await RunningStack.start(imageFlowAlone);
});
afterAll(() => stack.stop());

const run = (command: string, ...args: string[]) => stack.command(command, ...args);

async function search(text: string, ...options: string[]) {
  const { stdout } = await run("images", "search", text, "--json", ...options);
  return JSON.parse(stdout) as { mode: string; hits: { object_key: string; item_id: string }[] };
}

const keysOf = (answer: { hits: { object_key: string }[] }) => answer.hits.map((hit) => hit.object_key);

test("an uploaded image is found by what it shows, and only by its user", async () => {
  await run("images", "upload", join(samples, "timetable-trains.jpg"));
  await run("images", "upload", join(samples, "recipe-chocolate-cake.jpg"));
  await run("images", "upload", join(samples, "timetable-ferry.jpg"), "--user", "alice");
  await eventually(seconds, async () => {
    expect((await run("verify", "images")).stdout).toContain("3 images, 3 items, 0 differences");
  });

  const trains = await search("train times");
  expect(trains.mode).toBe("hybrid");
  expect(keysOf(trains)[0]).toBe("demo/timetable-trains.jpg");
  expect(keysOf(await search("something sweet", "--mode", "vector"))[0]).toBe(
    "demo/recipe-chocolate-cake.jpg",
  );
  expect(keysOf(await search("timetable", "--user", "alice"))).toEqual(["alice/timetable-ferry.jpg"]);
  expect(keysOf(await search("ferry", "--mode", "lexical"))).toEqual([]);
});

test("show names the version, the model, the tokens and the renditions", async () => {
  const { stdout } = await run("images", "show", "demo/timetable-trains.jpg");
  expect(stdout).toMatch(/thumbnail {3}s3:\/\/.*\/demo\/timetable-trains\/[0-9A-F]+\/thumbnail\.jpg/);
  expect(stdout).toMatch(/1 +anthropic +local-ocr +\d+\+\d+/);
  expect(stdout).toContain("of the newest analysis");
});

test("a file that is no image is listed in failed with its reason", async () => {
  await put("demo/broken.jpg", Buffer.from("PK not an image"));
  await eventually(seconds, async () => {
    expect((await run("failed", "image-uploads-dead-letters")).stdout).toMatch(
      /demo\/broken\.jpg.*cannot be read/s,
    );
  });
});

test("a deleted image is found no more, and nothing of it is left", async () => {
  const Bucket = stack.outputs.images?.bucket;
  await stack.s3.send(new DeleteObjectCommand({ Bucket, Key: "demo/recipe-chocolate-cake.jpg" }));
  await eventually(seconds, async () => {
    expect(keysOf(await search("cake"))).not.toContain("demo/recipe-chocolate-cake.jpg");
    const left = await stack.s3.send(
      new ListObjectsV2Command({
        Bucket: stack.outputs.images?.renditionsBucket,
        Prefix: "demo/recipe-chocolate-cake/",
      }),
    );
    expect(left.Contents ?? []).toEqual([]);
  });
});

test("an image that is replaced is found by its new content only", async () => {
  const red = sharp({ create: { width: 300, height: 200, channels: 3, background: "#c03030" } });
  await put("demo/changing.jpg", await red.jpeg().toBuffer());
  const menu = await sharp(join(samples, "menu-trattoria.jpg")).jpeg().toBuffer();
  await put("demo/changing.jpg", menu);
  await eventually(seconds, async () => {
    expect(keysOf(await search("trattoria menu", "--mode", "lexical"))).toContain("demo/changing.jpg");
  });
});

test("the search refuses what it does not know, and callers without a key", async () => {
  const refused = await run("images", "search", "x", "--k", "1000");
  expect(refused.stdout).toContain("422");
  const url = `${stack.outputs.images?.searchUrl}/images/search?q=x`;
  expect((await fetch(url)).status).toBe(403);
});

async function put(Key: string, Body: Uint8Array): Promise<void> {
  await stack.s3.send(new PutObjectCommand({ Bucket: stack.outputs.images?.bucket, Key, Body }));
}
