import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const pages = [
  ...["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"],
  ...["local/README.md", "bench/README.md", "infra/ci/README.md"],
  ...globSync("docs/**/*.md", { cwd: root }),
];
const { scripts } = JSON.parse(read("package.json"));

test.each(pages)("the npm commands of %s are scripts of the package", (page) => {
  const named = [...read(page).matchAll(/npm run (?:-s )?([\w:]+)/g)].map(([, script = ""]) => script);
  expect(named.filter((script) => !(script in scripts))).toEqual([]);
});

test.each(pages)("the links of %s lead somewhere", (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = ""]) => target);
  expect(links.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
});

test("the README leads to every page of docs, at once or through one page, and fits on one page", () => {
  const linked = (page: string) =>
    [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+\.md)/g)].map(([, target = ""]) =>
      join(dirname(page), target),
    );
  const near = linked("README.md");
  const reached = new Set([...near, ...near.flatMap(linked)]);
  expect(globSync("docs/**/*.md", { cwd: root }).filter((page) => !reached.has(page))).toEqual([]);
  expect(read("README.md").split(/\s+/).length).toBeLessThanOrEqual(700);
});

test.each(["docs/architecture.md", "docs/failure-modes.md", "docs/guarantees.md", "local/README.md"])(
  "every source file that %s names exists",
  (page) => {
    const sources = globSync("{bench,cli,containers,contract,core,functions,infra,lint,local,test}/**/*.ts", {
      cwd: root,
      exclude: ["**/node_modules/**"],
    });
    const named = [...read(page).matchAll(/`([\w./-]+\.ts)`/g)].map(([, file = ""]) => file);
    expect(named.filter((file) => !sources.some((source) => `/${source}`.endsWith(`/${file}`)))).toEqual([]);
  },
);

test("every path that CONTRIBUTING names exists, but those of the function that its recipe makes", () => {
  const named = [
    ...read("CONTRIBUTING.md").matchAll(/`((?:bin|cli|contract|core|docs|infra|test|tools)\/[\w./-]+)`/g),
  ]
    .map(([, path = ""]) => path)
    .filter((path) => !/purge-drafts|NAME/.test(path));
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
