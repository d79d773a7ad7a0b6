import type { ShardName } from "../contract/collections.ts";
import { listAnswer, restoreAnswer } from "../core/collections/generations/generations-request.ts";
import { sizeText } from "../core/doctor/file-system-size.ts";
import { runCommand } from "./command.ts";
import { confirm } from "./confirm.ts";
import { fileSystemUse } from "./doctor/checks-of-stack.ts";
import { type Asked, readArguments, shardsMeant } from "./generations/arguments.ts";
import { exportCollection } from "./generations/export-collection.ts";
import type { ExportTarget } from "./generations/export-target.ts";
import { rebuildShard } from "./generations/rebuild-shard.ts";
import { exportedText, generationTable, rebuiltText, restoredText } from "./generations/report.ts";
import { invokeFunction } from "./invoke-function.ts";
import { Screen } from "./screen.ts";
import { resolveTarget, type StackOutputs } from "./target.ts";

const usage = `Lists the generations of a collection, restores an older one, rebuilds the collection from its deltas, or exports it.

  npx vectorkeep generations lines|words [--shard N] [--restore N [--yes] | --rebuild | --export TARGET] [--json] [--stack NAME]

  --shard    number of one shard (default: all shards)
  --restore  publishes the content of generation N as a new generation at once; receipts that changed since are redriven,
             so the next cycles publish them again
  --rebuild  builds a generation from the deltas of all current runs, the items and the tombstones, and publishes it when
             it is complete; nothing is embedded, searches use the current generation until then, and an interrupted
             rebuild continues
  --export   writes what is published, all shards as one ordinary Chroma collection, to s3://BUCKET/PREFIX as an archive with
             a manifest and latest.json, or to a folder as a database that any Chroma client opens
  --yes      restores without asking
  --json     prints JSON
  --stack    name of a deployed stack (default: the local stack)
  --help     this text
`;

async function main(): Promise<void> {
  const asked = readArguments(process.argv.slice(2));
  if (asked.help) {
    process.stdout.write(usage);
    return;
  }
  const { outputs, environment } = await resolveTarget({ stack: asked.stack });
  Object.assign(process.env, environment);
  const shards = shardsMeant(asked, outputs[`${asked.collection}QueueUrls`].length);
  const functionName = outputs.functions.generations;
  if (asked.export) await exportTo(outputs, asked.export, asked);
  else if (asked.rebuild) for (const shard of shards) await rebuild(outputs, shard, asked);
  else if (asked.restore === undefined) await list(outputs, shards, asked);
  else for (const shard of shards) await restore(functionName, shard, asked.restore, asked);
}

async function list(outputs: StackOutputs, shards: readonly ShardName[], { json }: Asked): Promise<void> {
  const listed = await Promise.all(
    shards.map(async (shard) => {
      const answer = await invokeFunction(
        outputs.functions.generations,
        { operation: "list", shard },
        listAnswer,
      );
      return { shard, ...answer };
    }),
  );
  if (json) print(JSON.stringify(listed, undefined, 2));
  else {
    for (const { shard, ...answer } of listed) print(shard, ...generationTable(answer), "");
    print(await fileSystemLine(outputs));
  }
}

/** Failures are ignored, because the caller may not be allowed to describe the file system. */
async function fileSystemLine(outputs: StackOutputs): Promise<string> {
  return fileSystemUse(outputs).then(sizeText, (error: Error) => {
    return `What the file system is billed for could not be read: ${error.message}`;
  });
}

async function restore(
  functionName: string,
  shard: ShardName,
  generation: number,
  { yes, json }: Asked,
): Promise<void> {
  if (!yes) await confirm(`This publishes generation ${generation} of ${shard} in place of the newest one.`);
  const request = { operation: "restore", shard, generation };
  const answer = await invokeFunction(functionName, request, restoreAnswer);
  if (json) print(JSON.stringify({ shard, ...answer }, undefined, 2));
  else print(...restoredText(shard, answer));
}

async function rebuild(outputs: StackOutputs, shard: ShardName, { json }: Asked): Promise<void> {
  const screen = new Screen(json ? process.stderr : process.stdout);
  const answer = await rebuildShard(outputs, shard, screen);
  if (json) print(JSON.stringify({ shard, ...answer }, undefined, 2));
  else screen.print(...rebuiltText(shard, answer));
}

async function exportTo(
  outputs: StackOutputs,
  target: ExportTarget,
  { collection, json }: Asked,
): Promise<void> {
  const screen = new Screen(json ? process.stderr : process.stdout);
  const exported = await exportCollection(outputs, collection, target, screen);
  if (json) print(JSON.stringify({ at: exported.at, ...exported.manifest }, undefined, 2));
  else screen.print(...exportedText(collection, exported));
}

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

runCommand(main);
