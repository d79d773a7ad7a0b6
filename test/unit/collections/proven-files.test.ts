import { mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Of } from "../../../core/collections/generations/manifest.ts";
import { ProvenFiles } from "../../../core/collections/generations/proven-files.ts";
import { ManualClock } from "../resilience/clocks.ts";

let folder: string;
let file: string;
let sha256: string;
let clock: ManualClock;
let proven: ProvenFiles;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vectorkeep-test-"));
  file = join(folder, "a.bin");
  await writeFile(file, "same");
  // A time of whole seconds can be put back exactly.
  await utimes(file, 1_000, 1_000);
  sha256 = await sha256Of(file);
  clock = new ManualClock();
  proven = new ProvenFiles(clock);
  proven.note(await proven.look(file), sha256);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** As failing hardware does: size and time stay. */
async function flip(): Promise<void> {
  await writeFile(file, "sane");
  await utimes(file, 1_000, 1_000);
}

test("F38: a proof holds for an hour without reading the file again, and then is made again", async () => {
  await flip();
  expect(await proven.holds(file, sha256)).toBe(true);
  await clock.sleep(3_600_000);
  expect(await proven.holds(file, sha256)).toBe(false);
});

test("F38: a file that was written since is read again at once", async () => {
  await writeFile(file, "sane");
  expect((await stat(file)).size).toBe(4);
  expect(await proven.holds(file, sha256)).toBe(false);
});

test("a file that is gone holds nothing", async () => {
  await rm(file);
  expect(await proven.holds(file, sha256)).toBe(false);
});
