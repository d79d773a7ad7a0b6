import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { type AwaitProgress, awaitRuns } from "../core/ingest/await-runs.ts";
import { type ExportProgress, exportFolders, findReceiptFolders } from "../core/ingest/export-folder.ts";
import type { EmbedMessage } from "../core/receipts/embed-message.ts";
import { receiptKey } from "../core/receipts/receipt.ts";
import { systemClock } from "../core/resilience/clock.ts";
import { DynamoRunStore } from "../core/runs/dynamo-run-store.ts";
import { runStatus } from "../core/runs/run-status.ts";
import { describe, readCommandLine, runCommand, UsageWrongError } from "./command.ts";
import { failedSources } from "./failed/sources.ts";
import { resolveTarget, type StackOutputs } from "./target.ts";
import { terminalText } from "./terminal-text.ts";

const maxDeadLetters = 1_000;

const usage = `Validates OCR rows, uploads them to a stack's artifacts bucket and sends one embed message per receipt.

  npx vectorkeep export PATH [--wait] [--stack NAME]

  PATH      a folder of {image_id}/receipt-{number}/lines.ndjson and words.ndjson
  --wait    until each receipt is published in both collections, or cannot be; Ctrl-C ends the wait alone
  --stack   name of a deployed stack (default: the local stack)
  --help    this text

A receipt with an invalid row is not exported. The command prints every problem and exits with 1, and with 130 where Ctrl-C ended the wait.
`;

async function main(): Promise<void> {
  const { values, positionals } = readCommandLine("export", {
    allowPositionals: true,
    options: {
      wait: { type: "boolean", default: false },
      stack: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0) throw new UsageWrongError("export", "Name one folder.");
  const folders = await findReceiptFolders(path);
  const { outputs, environment } = await resolveTarget({ stack: values.stack });
  Object.assign(process.env, environment);
  const services = { s3: new S3Client({}), sqs: new SQSClient({}), ...outputs };
  const done = await exportFolders(folders, services, (progress) => show(progress, folders.length));
  for (const failure of new Set(done.failures)) process.stderr.write(`${describe(failure)}\n`);
  for (const note of done.notes) process.stderr.write(`${terminalText(note)}\n`);
  if (done.failures.length > 0) process.exitCode = 1;
  if (values.wait && done.sent.length > 0) await waitFor(done.sent, outputs);
}

/** The stack goes on with what was sent, whatever ends the wait. */
async function waitFor(sent: readonly EmbedMessage[], outputs: StackOutputs): Promise<void> {
  const stopped = new AbortController();
  process.once("SIGINT", () => stopped.abort());
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const { receiptsTable: sourceTable, controlTable } = outputs;
  const runs = new DynamoRunStore({ client, sourceTable, controlTable });
  const waited = await awaitRuns(sent, {
    statusOf: (receipt) => runStatus(runs, receipt),
    undelivered: (since) => undelivered(outputs, since),
    report: showWaiting,
    clock: systemClock,
    signal: stopped.signal,
  });
  for (const [receipt, reason] of waited.failed)
    process.stderr.write(`${terminalText(`${receipt}: ${reason}`)}\n`);
  if (waited.failed.size > 0) process.exitCode = 1;
  const left = waited.total - waited.completed - waited.failed.size;
  if (left === 0) return;
  process.stdout.write(`${left} receipts are not published yet. The stack goes on with them.\n`);
  process.exitCode = 130;
}

async function undelivered(outputs: StackOutputs, since: number): Promise<ReadonlyMap<string, string>> {
  const source = failedSources(outputs).find(({ name }) => name === "embed-ndjson-dead-letters");
  const { things } = (await source?.list(maxDeadLetters)) ?? { things: [] };
  return new Map(
    things.flatMap(({ image_id, receipt_id, since: at, reason }) =>
      image_id === null || receipt_id === null || Date.parse(at) < since
        ? []
        : [[receiptKey({ imageId: image_id, receiptId: receipt_id }), reason] as const],
    ),
  );
}

function showWaiting({ total, completed, failed }: Readonly<AwaitProgress>): void {
  const ofFailed = failed.size > 0 ? `, ${failed.size} failed` : "";
  process.stdout.write(`${completed} of ${total} receipts published${ofFailed}\n`);
}

function show({ receipts, lines, words, failures }: Readonly<ExportProgress>, total: number): void {
  const failed = failures.length > 0 ? `, ${failures.length} failed` : "";
  process.stdout.write(
    `${receipts} of ${total} receipts exported: ${lines} lines, ${words} words${failed}\n`,
  );
}

runCommand(main);
