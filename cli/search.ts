import { readCommandLine, runCommand, UsageWrongError } from "./command.ts";
import { hitTable, understoodLine } from "./hit-table.ts";
import { SearchClient } from "./search-client.ts";
import { resolveTarget } from "./target.ts";
import { terminalJson, terminalText } from "./terminal-text.ts";

const usage = `Searches the rows or words of receipts by a text.

  npm run search -- "text" [--collection lines|words] [--merchant NAME] [--label NAME]
                           [--mode hybrid|dense|lexical] [--group row|line] [--literal]
                           [--k 5] [--stack NAME] [--json]

  --collection  lines or words (default: lines; words with --label)
  --merchant    only receipts of this merchant; either of its names, exact match
  --label       only words on which this label is VALID; lines have no labels
  --mode        hybrid: vectors and letters; dense: vectors only; lexical: letters only (default: hybrid)
  --group       one hit per visual row, or per line (default: row)
  --literal     does not interpret dates, amounts, merchants or words such as "how much" in the text
  --k           number of hits, 1 to 100 (default: 5)
  --stack       name of a deployed stack (default: the local stack)
  --json        prints JSON
  --help        this text
`;

function readArguments() {
  return readCommandLine("search", {
    allowPositionals: true,
    options: {
      collection: { type: "string" },
      merchant: { type: "string" },
      label: { type: "string" },
      mode: { type: "string" },
      group: { type: "string" },
      literal: { type: "boolean", default: false },
      k: { type: "string", default: "5" },
      stack: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
}

async function main(): Promise<void> {
  const { values, positionals } = readArguments();
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const text = positionals.join(" ").trim();
  if (text === "") throw new UsageWrongError("search", "There is no text to search for.");
  const { outputs, environment } = await resolveTarget({ stack: values.stack });
  Object.assign(process.env, environment);
  const client = await SearchClient.of(outputs);
  const { collection, merchant, label, mode, group, k } = values;
  const understand = values.literal ? false : undefined;
  const answer = await client.ask({
    text,
    collection,
    merchant,
    label,
    mode,
    group,
    understand,
    k: Number(k),
  });
  const understood = understoodLine(answer);
  const shown = [...(understood ? [terminalText(understood)] : []), ...hitTable(answer)];
  const lines = values.json ? [terminalJson(answer)] : shown;
  process.stdout.write(`${lines.join("\n")}\n`);
}

runCommand(main);
