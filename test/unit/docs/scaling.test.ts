import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

test("the settings that docs/scaling.md names are there", () => {
  const named = [...read("docs/scaling.md").matchAll(/`([a-z]+:[a-zA-Z]+)`/g)].map(([, key = ""]) => key);
  const known = read("docs/configuration.md");
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((key) => !known.includes(`| \`${key}\` |`))).toEqual([]);
});
