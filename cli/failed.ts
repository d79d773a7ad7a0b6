import type { FailedSource } from "../core/failed/failed-source.ts";
import { runCommand } from "./command.ts";
import { confirm } from "./confirm.ts";
import { type Asked, readArguments, sourcesMeant } from "./failed/arguments.ts";
import { exitCodeOf, type Listed, listAll, purgeAll, retryAll } from "./failed/operations.ts";
import { listedText, purgedText, retriedText } from "./failed/report.ts";
import { failedSources } from "./failed/sources.ts";
import { resolveTarget } from "./target.ts";
import { terminalJson } from "./terminal-text.ts";

const usage = `Lists what could not be handled, with reasons: dead deadLetters, rejected and given up stream records,
rejected rows, failed runs.

  npm run failed -- [NAME ...] [--retry | --purge [--yes]] [--json] [--stack NAME]

  NAME      a dead-letter queue (embed-ndjson-dead-letters, lines-dead-letters, words-dead-letters, one for each shard
            where a collection is split), failed-exports, stream-rejected, stream-given-up, rejected-rows or failed-runs;
            all unless told
  --retry   sends everything back to where it belongs; do it after mending what made it fail
  --purge   shows what is there, asks, and deletes it for good; a failed run is no longer listed
  --yes     does not ask before it deletes
  --json    the answer as JSON
  --stack   name of a deployed stack (default: the local stack)
  --help    this text

Listing changes nothing. The exit code is 0 where nothing is left that failed, 1 where something is, and 2 where that
could not be told.
`;

/** 1 says that something has failed, so a command that fails itself says another thing. */
const couldNotTell = 2;

async function main(): Promise<void> {
  const asked = readArguments(process.argv.slice(2));
  if (asked.help) {
    process.stdout.write(usage);
    return;
  }
  const { outputs, environment } = await resolveTarget({ stack: asked.stack });
  Object.assign(process.env, environment);
  const sources = sourcesMeant(asked, failedSources(outputs));
  process.exitCode = await operations[asked.operation](sources, asked);
}

const operations: Record<Asked["operation"], (sources: FailedSource[], asked: Asked) => Promise<number>> = {
  async list(sources, { json }) {
    const listed = await listAll(sources);
    print(json, listed, listedText(listed, Date.now()));
    return exitCodeOf(listed);
  },

  async retry(sources, { json }) {
    const results = await retryAll(sources);
    print(json, results, retriedText(results, Date.now()));
    return exitCodeOf(results);
  },

  async purge(sources, { json, yes }) {
    const listed = await listAll(sources);
    const total = listed.reduce((sum, one) => sum + ("error" in one ? 0 : one.total), 0);
    if (total > 0 && !yes) {
      process.stderr.write(`${listedText(listed, Date.now()).join("\n")}\n`);
      await confirm(`This deletes ${total} for good: ${namesOf(listed)}.`);
    }
    const results = await purgeAll(sources, listed);
    print(json, results, purgedText(results));
    return exitCodeOf(results);
  },
};

function namesOf(listed: readonly Listed[]): string {
  const holding = listed.filter((one) => !("error" in one) && one.total > 0);
  return holding.map(({ name }) => name).join(", ");
}

function print(json: boolean, answer: object, lines: readonly string[]): void {
  process.stdout.write(`${json ? terminalJson(answer) : lines.join("\n")}\n`);
}

runCommand(main, couldNotTell);
