import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { readCommandLine, runCommand } from "./command.ts";
import { type Edits, editItems, label } from "./demo/edits.ts";
import { differences, type Expectation, expectationsOf, showing } from "./demo/expectations.ts";
import { findSampleWord, type Shown, shownOf } from "./demo/sample.ts";
import { ChangeNotShownError, type Outcome, untilShown } from "./demo/until-shown.ts";
import { depthsText, queueDepths } from "./queue-depths.ts";
import { Screen, type Suggestion } from "./screen.ts";
import { SearchClient } from "./search-client.ts";
import { type Column, table } from "./table.ts";
import { resolveTarget, type StackOutputs } from "./target.ts";

const usage = `Changes a merchant and a label in DynamoDB and shows when the search returns the change.

  npx vectorkeep demo

  --help    this text

It uses the local stack (\`npm start\`) and the receipt with the clearest total. Every run changes the name of its merchant
and sets the label ${label} of that amount to VALID or, if it is VALID, to INVALID.
`;

const maxWaitSeconds = 120;
const screen = new Screen(process.stdout);

async function main(): Promise<void> {
  const { values } = readCommandLine("demo", {
    options: { help: { type: "boolean", default: false } },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const { outputs, environment } = await resolveTarget({});
  Object.assign(process.env, environment);
  const search = await SearchClient.of(outputs);
  const word = await findSampleWord(search);
  const before = await shownOf(search, word);

  const dynamo = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const edits = await editItems(dynamo, outputs.receiptsTable, word);
  tellEdits(edits, outputs);
  const expectations = expectationsOf(edits, word, before);
  const outcome = await untilShown(
    expectations,
    () => shownOf(search, word),
    (shown, seconds) => reportProgress(expectations, shown, seconds),
    maxWaitSeconds * 1000,
  );
  const missing = expectations.filter((expectation) => !outcome.seconds.has(expectation));
  if (missing.length > 0) {
    const depths = depthsText(await queueDepths(new SQSClient({}), outputs));
    throw new ChangeNotShownError(missing, maxWaitSeconds, depths, outputs);
  }
  reportOutcome(expectations, before, outcome);
  screen.heading("Ask for them");
  screen.suggest(suggestionsOf(edits));
}

function tellEdits({ merchant, label: judged }: Edits, { receiptsTable }: StackOutputs): void {
  screen.heading(`Changed in the table ${receiptsTable}, under ${merchant.PK}`);
  const rows = [merchant, judged].map(({ SK, field, before, after }) => [SK, field, before ?? "-", after]);
  printTable(columns("item", "attribute", "before", "after"), rows);
  screen.heading("Waiting for stream, queues, compaction and query server");
}

function reportProgress(expectations: readonly Expectation[], shown: Shown, seconds: number): void {
  const parts = expectations.map((expectation) => `${expectation.of}: ${showing(expectation, shown)}`);
  const text = `${seconds.toFixed(0)} s: changed on ${parts.join(", ")}`;
  screen.status([`  ${text}`], text);
}

function reportOutcome(expectations: readonly Expectation[], before: Shown, outcome: Outcome): void {
  screen.heading("What the search shows");
  const rows = expectations.flatMap((expectation) => {
    const seconds = outcome.seconds.get(expectation)?.toFixed(1) ?? "";
    return differences(expectation, before, outcome.shown).map(({ key, before: old, after }) => [
      expectation.of,
      key,
      old,
      after,
      seconds,
    ]);
  });
  printTable([...columns("on", "metadata", "before", "after"), { title: "seconds", align: "right" }], rows);
}

function suggestionsOf({ merchant, label: judged }: Edits): Suggestion[] {
  const now = judged.after === "VALID" ? "is one of them now" : "is none of them now";
  return [
    {
      purpose: "lines of that merchant, by the new name",
      command: `npm run search -- "total" --merchant "${merchant.after}"`,
    },
    {
      purpose: `words on which ${label} is VALID: the one above ${now}`,
      command: `npm run search -- "total" --label ${label}`,
    },
  ];
}

function columns(...titles: readonly string[]): Column[] {
  return titles.map((title) => ({ title, align: "left" }));
}

function printTable(titles: readonly Column[], rows: readonly (readonly string[])[]): void {
  screen.print(...table(titles, rows).map((line) => `  ${line}`));
}

runCommand(main);
