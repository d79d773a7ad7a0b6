import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { guards } from "../../faults/model/world.ts";

const root = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const page = read("docs/architecture.md");
const adr = read("docs/adr/README.md");

test("every file and folder that the page names exists", () => {
  const named = [...page.matchAll(/`((?:core|infra|test|cli|local)\/[^`\s]+)`/g)].map(
    ([, path = ""]) => path,
  );
  expect(named.length).toBeGreaterThan(25);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test("every setting that the page names is one", () => {
  const settings = read("docs/configuration.md");
  const named = [...page.matchAll(/`((?:compaction|ingest|query|sweep|embedding|stream|catchup):\w+)`/g)].map(
    ([, key = ""]) => key,
  );
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((key) => !settings.includes(`| \`${key}\` |`))).toEqual([]);
});

test("every function that the page names is in the code that it names with it", () => {
  const held = page.split("\n").filter((line) => /^\| I\d+ /.test(line));
  expect(held.length).toBeGreaterThanOrEqual(10);
  const missing = held.flatMap((row) => {
    const files = [...row.matchAll(/`(core\/[\w/-]+\.ts)`/g)].map(([, file = ""]) => file);
    const names = [...row.matchAll(/`([a-zA-Z]+)`/g)].map(([, name = ""]) => name);
    const source = files.map(read).join("\n");
    return files.length === 0 ? [] : names.filter((name) => !source.includes(name));
  });
  expect(missing).toEqual([]);
});

test("every invariant names the test that holds it", () => {
  const rows = page.split("\n").filter((line) => /^\| I\d+ /.test(line));
  expect(rows.filter((row) => !/test\/[^`]+\.test\.ts/.test(row))).toEqual([]);
});

test("every step of the write path is in the table of what a crash after it leaves", () => {
  const [, crashes = ""] = page.split("## 6. What a crash leaves");
  const steps = [...page.matchAll(/^\| ([ECBS]\d+) [a-zA-Z]+ \|/gm)].map(([, step = ""]) => step);
  expect(steps.length).toBeGreaterThan(15);
  // The last step of embed is the acknowledgement: nothing is left after it.
  expect(steps.filter((step) => step !== "E8" && !new RegExp(`\\b${step}`).test(crashes))).toEqual([]);
});

test("the page says which guards the model takes out", () => {
  expect(page).toContain("test/faults/model/world.ts");
  expect(guards.length).toBeGreaterThan(15);
});

test("every decision is listed, numbered without gaps, and has the three parts", () => {
  const listed = [...adr.matchAll(/\]\((\d{4})-[\w-]+\.md\)/g)].map(([, number = ""]) => Number(number));
  expect(listed).toEqual(listed.map((_, index) => index + 1));
  expect(listed.length).toBeGreaterThanOrEqual(8);
  for (const [, file = ""] of adr.matchAll(/\]\((\d{4}-[\w-]+\.md)\)/g)) {
    const text = read(`docs/adr/${file}`);
    for (const part of ["## Context", "## Decision", "## Consequences"]) expect(text).toContain(part);
  }
});

test("the versions of stored forms that the pages name are those of the code", () => {
  const sources = {
    "core/deltas/codec.ts": ["VKDELTA", "const formatVersion = 1"],
    "core/collections/segments/segment-file.ts": ['magic: "VKSEGMNT", version: 1'],
    "core/collections/segments/base-index.ts": ['magic: "VKINDEX\\n", version: 1'],
    "core/collections/generations/manifest.ts": ["vectorkeep-generation/1", "vectorkeep-generation/2"],
    "core/receipts/embedded-texts.ts": ['textFormat = "receipt-text/2"', '"receipt-text/1.1"'],
  };
  for (const [file, texts] of Object.entries(sources)) {
    for (const text of texts) expect(read(file)).toContain(text);
  }
  const migration = read("docs/migration.md");
  for (const form of ["VKDELTA", "VKSEGMNT", "VKINDEX", "vectorkeep-generation", "receipt-text"]) {
    expect(migration).toContain(`\`${form}\``);
  }
});
