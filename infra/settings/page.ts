import type { Declared } from "./read-all.ts";
import type { Setting } from "./setting.ts";

/** The Markdown page that explains every setting, with one table per namespace. */
export function configurationPage(declared: Declared): string {
  const tables = Object.entries(declared).map(
    ([namespace, settings]) => `## ${namespace}\n\n${table(namespace, settings)}\n`,
  );
  return `${introduction}\n${tables.join("\n")}`;
}

const introduction = `# Configuration

Generated from \`infra/config.ts\` by \`npm run docs\`; a test keeps the two in sync.

Set a value with \`pulumi config set KEY VALUE --stack STACK\`, and a secret with \`pulumi config set --secret KEY\`.
All values are checked before anything is deployed, and all problems are reported at once.
`;

function table(namespace: string, settings: Readonly<Record<string, Setting<unknown>>>): string {
  const rows = Object.entries(settings).map(([name, setting]) => [
    `\`${namespace}:${name}\``,
    setting.type,
    setting.shownDefault,
    setting.bounds,
    `${setting.means} ${setting.because}`,
  ]);
  return [
    ["key", "type", "default", "bounds", "meaning, and reason of the default"],
    ["---", "---", "---", "---", "---"],
    ...rows,
  ]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}
