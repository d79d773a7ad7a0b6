import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { SQSClient } from "@aws-sdk/client-sqs";
import { untilHandled } from "../core/failed/failed-again.ts";
import type { FailedSource } from "../core/failed/failed-source.ts";
import { supersededExports } from "../core/failed/superseded.ts";
import { monotonicClock } from "../core/resilience/clock.ts";
import { runCommand } from "./command.ts";
import { confirm } from "./confirm.ts";
import { type Asked, readArguments, sourcesMeant } from "./failed/arguments.ts";
import {
  exitCodeOf,
  hasSent,
  type Listed,
  listAll,
  purgeAll,
  retryAll,
  withFailedAgain,
} from "./failed/operations.ts";
import { handledText, listedText, purgedText, retriedText, supersededText } from "./failed/report.ts";
import { failedSources } from "./failed/sources.ts";
import { queueDepths } from "./queue-depths.ts";
import { resolveTarget, type StackOutputs } from "./target.ts";
import { terminalJson } from "./terminal-text.ts";

const usage = `Lists failures with their reasons: dead-letter queues, rejected and given-up stream records, rejected rows, failed runs.

  npx vectorkeep failed [NAME ...] [--retry [--wait SECONDS] | --purge [--yes]] [--json] [--stack NAME]
  npx vectorkeep failed --superseded [--days N] [--json] [--stack NAME]

  NAME      a dead-letter queue (embed-ndjson-dead-letters, lines-dead-letters, words-dead-letters, one per shard
            of a collection), image-uploads-dead-letters, image-analysis-dead-letters, image-embedding-dead-letters,
            image-undelivered, resolve-merchant-dead-letters,
            write-embedding-status-dead-letters, failed-exports, stream-rejected, stream-given-up, rejected-rows or failed-runs (default: all)
  --retry   replays everything and reports what failed again; fix the cause first
  --wait    seconds that --retry waits for the outcome (default: 300); 0 only sends. Lambda may retry an export for longer
  --purge   lists everything, asks, and deletes it permanently; a failed run is no longer listed
  --superseded  lists exports that were not embedded because a later one is current; these are no failures
  --days    how far back --superseded looks, 1 to 30 (default: 1)
  --yes     deletes without asking
  --json    prints JSON
  --stack   name of a deployed stack (default: the local stack)
  --help    this text

Listing changes nothing. The exit code is 0 if no failures are left, 1 if some are, and 2 if a source could not be read.
`;

/** The exit code if the command itself fails; 1 means that failures are left. */
const couldNotTell = 2;

async function main(): Promise<void> {
  const asked = readArguments(process.argv.slice(2));
  if (asked.help) {
    process.stdout.write(usage);
    return;
  }
  const { outputs, environment } = await resolveTarget({ stack: asked.stack });
  Object.assign(process.env, environment);
  const all = failedSources(outputs);
  const stack = { outputs, all, sources: sourcesMeant(asked, all) };
  process.exitCode = await operations[asked.operation](stack, asked);
}

interface Stack {
  readonly outputs: StackOutputs;
  readonly all: readonly FailedSource[];
  /** The sources to which the command applies. */
  readonly sources: readonly FailedSource[];
}

const operations: Record<Asked["operation"], (stack: Stack, asked: Asked) => Promise<number>> = {
  async list({ sources }, { json }) {
    const listed = await listAll(sources);
    print(json, listed, listedText(listed, Date.now()));
    return exitCodeOf(listed);
  },

  async retry({ sources, all, outputs }, { json, waitSeconds }) {
    const began = new Date().toISOString();
    const results = await retryAll(sources);
    if (waitSeconds === 0 || !hasSent(results)) {
      print(json, results, retriedText(results, Date.now()));
      return exitCodeOf(results);
    }
    process.stderr.write("Waiting for what becomes of what was sent.\n");
    const until = monotonicClock.now() + waitSeconds * 1_000;
    const left = await untilHandled({ clock: monotonicClock, underWay: () => underWay(outputs) }, until);
    const handled = await withFailedAgain(all, results, began);
    const end = handledText(handled, left, waitSeconds);
    print(json, handled, [...retriedText(handled, Date.now()), end]);
    return left > 0 ? couldNotTell : exitCodeOf(handled);
  },

  async superseded({ outputs }, { json, days }) {
    const now = Date.now();
    const found = await supersededExports(new CloudWatchLogsClient({}), outputs.logGroups.embed, {
      now,
      days,
    });
    print(json, found.exports, supersededText(found, { now, days }));
    return found.isWhole ? 0 : couldNotTell;
  },

  async purge({ sources }, { json, yes }) {
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

/** Returns the number of messages in all queues except dead-letter queues. */
async function underWay(outputs: StackOutputs): Promise<number> {
  const depths = await queueDepths(new SQSClient({}), outputs);
  return depths
    .filter(({ deadLetters }) => !deadLetters)
    .reduce((sum, { waiting, inFlight }) => sum + waiting + inFlight, 0);
}

function namesOf(listed: readonly Listed[]): string {
  const holding = listed.filter((one) => !("error" in one) && one.total > 0);
  return holding.map(({ name }) => name).join(", ");
}

function print(json: boolean, answer: object, lines: readonly string[]): void {
  process.stdout.write(`${json ? terminalJson(answer) : lines.join("\n")}\n`);
}

runCommand(main, couldNotTell);
