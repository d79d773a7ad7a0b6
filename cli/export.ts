import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { type ExportProgress, exportFolders, findReceiptFolders } from "../core/ingest/export-folder.ts";
import { describe, readCommandLine, runCommand, UsageWrongError } from "./command.ts";
import { resolveTarget } from "./target.ts";
import { terminalText } from "./terminal-text.ts";

const usage = `Validates OCR rows, uploads them to a stack's artifacts bucket and sends one embed message per receipt.

  npx vectorkeep export PATH [--stack NAME]

  PATH      a folder of {image_id}/receipt-{number}/lines.ndjson and words.ndjson
  --stack   name of a deployed stack (default: the local stack)
  --help    this text

A receipt with an invalid row is not exported. The command prints every problem and exits with 1.
`;

async function main(): Promise<void> {
  const { values, positionals } = readCommandLine("export", {
    allowPositionals: true,
    options: { stack: { type: "string" }, help: { type: "boolean", default: false } },
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
}

function show({ receipts, lines, words, failures }: Readonly<ExportProgress>, total: number): void {
  const failed = failures.length > 0 ? `, ${failures.length} failed` : "";
  process.stdout.write(
    `${receipts} of ${total} receipts exported: ${lines} lines, ${words} words${failed}\n`,
  );
}

runCommand(main);
