import { runChecks, statusOf } from "../core/doctor/check.ts";
import { readCommandLine, runCommand } from "./command.ts";
import { checksOf } from "./doctor/checks-of-stack.ts";
import { reportLines } from "./doctor/report.ts";
import { resolveTarget } from "./target.ts";

const usage = `Looks whether all that a stack needs is there: keys, models and dimensions of the providers, the stream of the
receipts table, somebody who hears the alarms, and the file system.

  npm run doctor -- [--json] [--stack NAME]

  --json   the findings as JSON
  --stack  a deployed stack; the one that runs on this machine unless told
  --help   this text

It changes nothing. One tiny text is embedded. The exit code is 0 if nothing failed (warnings included), 1 if something
did, 2 if there is no stack to look at.
`;

const maxMs = 20_000;
/** 1 says that a check failed. */
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
  // What a check has given up on may still hold a connection open.
  process.stdout.write(`${lines.join("\n")}\n`, () => process.exit(statusOf(checked) === "fail" ? 1 : 0));
}

runCommand(main, couldNotTell);
