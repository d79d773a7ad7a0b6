import { readCommandLine, runCommand, UsageWrong } from "./command.ts";
import { hitTable, SearchClient } from "./search-client.ts";
import { resolveTarget } from "./target.ts";
import { terminalJson } from "./terminal-text.ts";

const usage = `Asks the query service of a stack for the lines or words nearest in meaning to a text.

  npm run search -- "text" [--collection lines|words] [--merchant NAME] [--label NAME]
                           [--k 5] [--stack NAME] [--json]

  --collection  lines or words; lines unless told, words where --label is given
  --merchant    only receipts of this merchant: either of its names, exactly
  --label       only words on which this label is VALID; lines have no labels
  --k           how many hits, 1 to 100; 5 unless told
  --stack       a deployed stack; the one that runs on this machine unless told
  --json        the answer as JSON
  --help        this text
`;

function readArguments() {
  return readCommandLine("search", {
    allowPositionals: true,
    options: {
      collection: { type: "string" },
      merchant: { type: "string" },
      label: { type: "string" },
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
  if (text === "") throw new UsageWrong("search", "There is no text to search for.");
  const { outputs, environment } = await resolveTarget({ stack: values.stack });
  Object.assign(process.env, environment);
  const client = await SearchClient.of(outputs);
  const { collection, merchant, label, k } = values;
  const answer = await client.ask({ text, collection, merchant, label, k: Number(k) });
  const lines = values.json ? [terminalJson(answer)] : hitTable(answer);
  process.stdout.write(`${lines.join("\n")}\n`);
}

runCommand(main);
