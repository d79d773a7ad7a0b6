import { promises } from "../../test/promises.ts";

/** A promise of docs/guarantees.md. */
export interface Promised {
  readonly section: string;
  readonly promise: string;
}

/** The promises of the page, in its order. */
export function promisesIn(page: string): Promised[] {
  const found: Promised[] = [];
  let section = "";
  for (const line of page.split("\n")) {
    section = /^## (.+)/.exec(line)?.[1] ?? section;
    const promise = /^- \*\*(.+?)\*\*/.exec(line)?.[1];
    if (promise !== undefined) found.push({ section, promise });
  }
  return found;
}

/** The Markdown page that lists the tests of each promise. */
export function testsPage(guarantees: string): string {
  const bySection = Map.groupBy(promisesIn(guarantees), ({ section }) => section);
  const sections = Array.from(bySection, ([section, all]) => {
    const lists = all.map(({ promise }) => {
      const tests = (promises[promise] ?? []).map(([file, name]) => `  - \`${file}\`: "${name}"`);
      return [`- **${promise}**`, ...tests].join("\n");
    });
    return `## ${section}\n\n${lists.join("\n")}`;
  });
  return `${introduction}\n\n${sections.join("\n\n")}\n`;
}

const introduction = `# Tests of the guarantees

Generated from [guarantees](guarantees.md) and \`test/promises.ts\` by \`npm run docs\`; a test keeps them in sync, and checks that each test
exists under its name.`;
