import { setTimeout as sleep } from "node:timers/promises";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { runCommand } from "./command.ts";
import { readArguments } from "./logs/arguments.ts";
import { lineOf } from "./logs/line.ts";
import { readLogs } from "./logs/read-logs.ts";
import { resolveTarget } from "./target.ts";

const usage = `Prints the log lines of a stack's functions and services, oldest first.

  npx vectorkeep logs [FUNCTION ...] [--image ID] [--code VK_...] [--errors] [--since 1h] [--follow] [--json] [--stack NAME]

  FUNCTION  embed, compaction, streamProcessor, ... (default: all of them)
  --image   only lines about this image
  --code    only lines with this error code; docs/errors.md lists them
  --errors  only lines of the levels WARN and ERROR
  --since   how far back, as 90s, 15m, 2h or 3d (default: 1h)
  --follow  waits for further lines until Ctrl-C
  --json    prints the lines as they are
  --stack   name of a deployed stack (default: the local stack)
  --help    this text
`;

const pollMs = 2_000;

async function main(): Promise<void> {
  const asked = readArguments(process.argv.slice(2), Date.now());
  if (asked.help) {
    process.stdout.write(usage);
    return;
  }
  const { outputs, environment } = await resolveTarget({ stack: asked.stack });
  Object.assign(process.env, environment);
  const client = new CloudWatchLogsClient({});
  let since = asked.since;
  for (;;) {
    const lines = await readLogs(client, outputs, { ...asked, since });
    for (const line of lines) process.stdout.write(`${asked.json ? line.message.trim() : lineOf(line)}\n`);
    if (!asked.follow) {
      if (lines.length === 0)
        process.stderr.write(
          `No such lines since ${new Date(since).toISOString()}: \`--since\` sets how far back to look.\n`,
        );
      return;
    }
    since = Math.max(since, ...lines.map(({ at }) => at + 1));
    await sleep(pollMs);
  }
}

runCommand(main);
