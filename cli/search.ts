import { readCommandLine, runCommand, UsageWrongError } from "./command.ts";
import { hitTable, understoodLine } from "./hit-table.ts";
import { SearchClient, type SearchHits, type SimilarHits } from "./search-client.ts";
import { resolveTarget } from "./target.ts";
import { terminalJson, terminalText } from "./terminal-text.ts";

const usage = `Searches the rows or words of receipts by a text.

  npx vectorkeep search "text" [--collection lines|words] [--merchant NAME] [--label NAME]
                               [--from DATE] [--to DATE] [--min-amount N] [--max-amount N] [--where JSON]
                               [--mode hybrid|dense|lexical] [--group row|line] [--literal]
                               [--k 5] [--stack NAME] [--json]
  npx vectorkeep search --like ID [--k 5] [--stack NAME] [--json]

  --collection  lines or words (default: lines; words with --label)
  --merchant    only receipts of this merchant; either of its names, exact match
  --label       only words on which this label is VALID; lines have no labels
  --from, --to  only rows of receipts dated within, both days included; YYYY-MM-DD
  --min-amount, --max-amount
                only rows with an amount within, both included
  --where       a condition as POST /search takes it, such as '{"merchant":{"contains":"cafe"}}'
  --like        no text: the nearest neighbours of the vector with this id, and how they are labelled
  --mode        hybrid: vectors and letters; dense: vectors only; lexical: letters only (default: hybrid; with
                query:backend s3vectors only dense and --group line)
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
      from: { type: "string" },
      to: { type: "string" },
      "min-amount": { type: "string" },
      "max-amount": { type: "string" },
      where: { type: "string" },
      like: { type: "string" },
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
  const where = conditionOf(values);
  if (text === "" && values.like === undefined) {
    throw new UsageWrongError("search", "There is no text to search for.");
  }
  const { outputs, environment } = await resolveTarget({ stack: values.stack });
  Object.assign(process.env, environment);
  const client = await SearchClient.of(outputs);
  const k = Number(values.k);
  if (values.like !== undefined) return print(values.json, await client.like(values.like, k), similarLines);
  const { collection, merchant, label, mode, group } = values;
  const understand = values.literal ? false : undefined;
  print(
    values.json,
    await client.ask({ text, collection, merchant, label, where, mode, group, understand, k }),
    hitLines,
  );
}

function print<Answer>(asJson: boolean, answer: Answer, linesOf: (answer: Answer) => string[]): void {
  const lines = asJson ? [terminalJson(answer)] : linesOf(answer);
  process.stdout.write(`${lines.join("\n")}\n`);
}

function hitLines(answer: SearchHits): string[] {
  const understood = understoodLine(answer);
  return [...mirrorLines(answer), ...(understood ? [terminalText(understood)] : []), ...hitTable(answer)];
}

/** Says what an answer of the mirror lacks. */
function mirrorLines({ backend, generations }: SearchHits | SimilarHits): string[] {
  if (backend === undefined) return [];
  const named = Object.entries(generations).map(([shard, generation]) => `${shard} ${generation ?? "none"}`);
  return [`mirror of generation ${named.join(", ")}: by vectors alone, approximately`];
}

function similarLines(answer: SimilarHits): string[] {
  const labels = Object.entries(answer.labels).map(
    ([name, { valid, invalid }]) => `${name} ${valid} VALID, ${invalid} INVALID`,
  );
  const counted = labels.length > 0 ? labels.join("; ") : "none";
  return [
    ...mirrorLines(answer),
    terminalText(`like: ${answer.of.text}`),
    terminalText(`labels: ${counted}`),
    ...hitTable(answer),
  ];
}

type Conditions = Pick<
  ReturnType<typeof readArguments>["values"],
  "from" | "to" | "where" | "min-amount" | "max-amount"
>;

/** Returns the condition of the options; undefined if they contain none. */
function conditionOf(values: Conditions): object | undefined {
  const date = bounds(values.from, values.to);
  const amount = bounds(
    numberOf("min-amount", values["min-amount"]),
    numberOf("max-amount", values["max-amount"]),
  );
  const all = [
    ...(values.where === undefined ? [] : [objectOf(values.where)]),
    ...(date ? [{ date }] : []),
    ...(amount ? [{ amount }] : []),
  ];
  return all.length > 1 ? { and: all } : all[0];
}

function bounds<Value>(gte: Value | undefined, lte: Value | undefined): object | undefined {
  if (gte === undefined && lte === undefined) return undefined;
  return { ...(gte !== undefined && { gte }), ...(lte !== undefined && { lte }) };
}

function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number)) return number;
  throw new UsageWrongError("search", `--${option} is a number, not ${JSON.stringify(text)}.`);
}

function objectOf(text: string): object {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) return parsed;
  } catch {
    // Text that is not JSON is rejected below like any other value that is not an object.
  }
  throw new UsageWrongError("search", `--where is a JSON object, not ${JSON.stringify(text.slice(0, 100))}.`);
}

runCommand(main);
