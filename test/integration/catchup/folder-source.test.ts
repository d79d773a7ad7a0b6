import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { FolderSource } from "../../../core/catchup/sources/folder-source.ts";
import { SourceChangedError, SourceMissingError } from "../../../core/catchup/sources/source-store.ts";

let folder: string;
let source: FolderSource;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "folder-source-"));
  await mkdir(join(folder, "root", "in"), { recursive: true });
  await writeFile(join(folder, "secret.csv"), "id\nsecret\n");
  await writeFile(join(folder, "root", "in", "rows.csv"), "id\n1\n2\n");
  source = new FolderSource(join(folder, "root"));
});

afterEach(() => rm(folder, { recursive: true }));

test("a file below the root is read whole, and by ranges of the etag that it had", async () => {
  const { body, etag } = await source.open("in/rows.csv");
  expect(await text(body)).toBe("id\n1\n2\n");
  expect(Buffer.from(await source.readRange("in/rows.csv", etag, 3, 6)).toString()).toBe("1\n2\n");
});

test("a file that was rewritten since it was planned is refused, at the same length too", async () => {
  const { body, etag } = await source.open("in/rows.csv");
  body.destroy();
  await writeFile(join(folder, "root", "in", "rows.csv"), "id\n3\n4\n");
  await expect(source.readRange("in/rows.csv", etag, 3, 6)).rejects.toBeInstanceOf(SourceChangedError);
});

describe("nothing outside the root is read", () => {
  test.each(["../secret.csv", "in/../../secret.csv", "in", "", "none.csv", "in/rows.csv/x", "a\0b"])(
    "the key %j is missing",
    async (key) => {
      await expect(source.open(key)).rejects.toBeInstanceOf(SourceMissingError);
      await expect(source.readRange(key, '"1"', 0, 1)).rejects.toBeInstanceOf(SourceMissingError);
    },
  );

  test("a link that leads out of it is missing, and one that stays inside is read", async () => {
    await symlink(join(folder, "secret.csv"), join(folder, "root", "out.csv"));
    await symlink(folder, join(folder, "root", "up"));
    await symlink(join(folder, "root", "in", "rows.csv"), join(folder, "root", "inside.csv"));
    await expect(source.open("out.csv")).rejects.toBeInstanceOf(SourceMissingError);
    await expect(source.open("up/secret.csv")).rejects.toBeInstanceOf(SourceMissingError);
    expect(await text((await source.open("inside.csv")).body)).toBe("id\n1\n2\n");
  });

  test("a folder whose name begins like the root's is outside", async () => {
    await mkdir(join(folder, "root-2"));
    await writeFile(join(folder, "root-2", "x.csv"), "id\n");
    await expect(source.open("../root-2/x.csv")).rejects.toBeInstanceOf(SourceMissingError);
  });

  test("a pipe is missing, and does not block", async () => {
    execFileSync("mkfifo", [join(folder, "root", "pipe")]);
    await expect(source.open("pipe")).rejects.toBeInstanceOf(SourceMissingError);
  });
});
