import { declared } from "../../infra/config.ts";
import { configurationPage } from "../../infra/settings/page.ts";

test("every setting has its line, in whole sentences", () => {
  const page = configurationPage(declared);
  for (const [namespace, settings] of Object.entries(declared)) {
    for (const [name, { means, because }] of Object.entries(settings)) {
      expect(page).toContain(`| \`${namespace}:${name}\` | `);
      for (const sentence of [means, because]) expect(sentence).toMatch(/^[A-Z].*\.$/);
    }
  }
});
