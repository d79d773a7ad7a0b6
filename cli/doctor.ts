import { runChecks, statusOf } from "../core/doctor/check.ts";
import { readCommandLine, runCommand } from "./command.ts";
import { checksOf } from "./doctor/checks-of-stack.ts";
import { reportLines } from "./doctor/report.ts";
import { resolveTarget } from "./target.ts";

const usage = `Checks what a stack depends on: API keys, models and dimensions of the providers, the stream of the receipts table,
subscriptions to the alarm topic, and the file system.

  npx vectorkeep doctor [--json] [--stack NAME]

  --json   the findings as JSON
  --stack  name of a deployed stack (default: the local stack)
  --help   this text

It changes nothing; it embeds one short text. The exit code is 0 if no check failed (warnings are allowed), 1 if a check
failed, 2 if the checks could not run.
`;

const maxMs = 20_000;
/** The exit code if the command itself fails; 1 means that a check failed. */
const couldNotTell = 2;

async function main(): Promise<void> {
  const { values: asked } = readCommandLine("doctor", {
    options: {
      json: { type: "boolean", default: false },
      stack: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (asked.help) {
    process.stdout.write(usage);
    return;
  }
  const { outputs, environment } = await resolveTarget({ stack: asked.stack });
  Object.assign(process.env, environment);
  const checked = await runChecks(checksOf(outputs, maxMs), maxMs);
  const lines = asked.json ? [JSON.stringify(checked, undefined, 2)] : reportLines(checked);
  // Exits explicitly, because a check that timed out may still hold a connection open.
  process.stdout.write(`${lines.join("\n")}\n`, () => process.exit(statusOf(checked) === "fail" ? 1 : 0));
}

runCommand(main, couldNotTell);
