import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

test.each(["libheif-js", "heic-decode", "sharp"])("NOTICE names the installed version of %s", (name) => {
  const installed = readFileSync(join(root, "node_modules", name, "package.json"), "utf8");
  const { version } = JSON.parse(installed) as { version: string };
  expect(readFileSync(join(root, "NOTICE"), "utf8")).toContain(`${name} ${version}`);
});
