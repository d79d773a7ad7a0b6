import { readFileSync } from "node:fs";
import { join } from "node:path";
import { declared } from "../../infra/config.ts";
import { configurationPage } from "../../infra/settings/page.ts";

test("docs/configuration.md says what infra/config.ts declares; `npm run docs` makes it so", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/configuration.md"), "utf8");
  expect(page).toBe(configurationPage(declared));
});

test("every setting has its line, in whole sentences", () => {
  const page = configurationPage(declared);
  for (const [namespace, settings] of Object.entries(declared)) {
    for (const [name, { means, because }] of Object.entries(settings)) {
      expect(page).toContain(`| \`${namespace}:${name}\` | `);
      for (const sentence of [means, because]) expect(sentence).toMatch(/^[A-Z].*\.$/);
    }
  }
});
