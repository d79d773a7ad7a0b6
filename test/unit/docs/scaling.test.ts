import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const pages = ["docs/scaling.md", "bench/README.md"];
const { scripts } = JSON.parse(read("package.json"));

test.each(pages)("the npm commands of %s are scripts of the package", (page) => {
  const named = [...read(page).matchAll(/npm run ([\w:]+)/g)].map(([, script = ""]) => script);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((script) => !(script in scripts))).toEqual([]);
});

test.each(pages)("the links of %s lead somewhere", (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = ""]) => target);
  expect(links.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
});

test("the settings that docs/scaling.md names are there", () => {
  const named = [...read("docs/scaling.md").matchAll(/`([a-z]+:[a-zA-Z]+)`/g)].map(([, key = ""]) => key);
  const known = read("docs/configuration.md");
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((key) => !known.includes(`| \`${key}\` |`))).toEqual([]);
});
