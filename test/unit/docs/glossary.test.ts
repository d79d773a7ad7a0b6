import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/glossary.md"), "utf8");
const rows = page
  .split("\n")
  .filter((line) => /^\| (?!term \|)/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

test("every term has a meaning and a place, and the terms are sorted", () => {
  expect(rows.length).toBeGreaterThan(50);
  expect(rows.filter((cells) => cells.length !== 5 || cells.slice(1, 4).includes(""))).toEqual([]);
  const terms = rows.map(([, term = ""]) => term);
  expect(terms).toEqual([...terms].sort((a, b) => a.localeCompare(b, "en")));
});

test("every file and folder that the page names exists", () => {
  const named = [...page.matchAll(/`((?:core|infra|lint)\/[^`]+)`/g)].map(([, path = ""]) => path);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
