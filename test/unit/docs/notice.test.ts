import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filesOf } from "../../../infra/bundles/native-parts.ts";

const root = join(import.meta.dirname, "../../..");

test.each(["libheif-js", "sharp", "@bull-board/ui"])("NOTICE names the installed version of %s", (name) => {
  const installed = readFileSync(join(root, "node_modules", name, "package.json"), "utf8");
  const { version } = JSON.parse(installed) as { version: string };
  expect(readFileSync(join(root, "NOTICE"), "utf8")).toContain(`${name} ${version}`);
});

test("the archive with these works has the NOTICE and their licences", async () => {
  const files = new Map(await filesOf(["sharp", "heic"]));
  expect(Buffer.from(files.get("NOTICE") ?? []).toString()).toBe(readFileSync(join(root, "NOTICE"), "utf8"));
  for (const name of ["libheif-js", "sharp"]) {
    expect([...files.keys()]).toContain(`node_modules/${name}/LICENSE`);
  }
});
