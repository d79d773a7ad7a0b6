import { randomBytes } from "node:crypto";
import { collections, type ShardName, shardNames } from "../contract/collections.ts";
import { isRepairable } from "../core/verify/repair.ts";
import { readCommandLine, runCommand, UsageWrongError } from "./command.ts";
import { rebuildShard } from "./generations/rebuild-shard.ts";
import { rebuiltText } from "./generations/report.ts";
import { Screen } from "./screen.ts";
import { resolveTarget, type StackOutputs } from "./target.ts";
import { answerLines, verdictOfAnswers } from "./verify/answered.ts";
import { askShards } from "./verify/ask-shards.ts";
import { lookAtShards } from "./verify/look-at-shards.ts";
import { corruptOf, exitCodes, findingsOf, type Looked, verdictOf, worse } from "./verify/looked.ts";
import { askMirrors, type Mirrored, mirrorLines, verdictOfMirrors } from "./verify/mirrors.ts";
import { countRejectedRows } from "./verify/rejected-rows.ts";
import { repairFindings } from "./verify/repair-findings.ts";
import { detailLines, jsonOf, rejectedText, summaryLines, verdictText } from "./verify/report.ts";
import { verifyStackImages } from "./verify/verify-images.ts";

const usage = `Compares the published collections with the items, the deltas of the current runs, and the tombstones.

  npx vectorkeep verify [--collection lines|words] [--repair] [--numbers] [--findable [--all | --seed TEXT]] [--mirror] [--json]
                        [--stack NAME]
  npx vectorkeep verify images [--repair] [--json] [--stack NAME]

  images        compares the uploaded images with their items, analyses and vectors instead; --repair sends them again
  --collection  compares one collection (default: both)
  --repair      republishes every receipt that differs, waits, and compares again; fills the new shards after
                compaction:collectionShards was changed, and rebuilds a shard whose generation cannot be opened
  --numbers     compares the numbers of the vectors too, which takes several times as long
  --findable    also searches for vectors by their own numbers, with the code and settings of a search: each must be among
                its 10 hits, or all 10 must be as near; 1,000 vectors per shard, sampled by a seed that is printed
  --all         with --findable, searches for all vectors, which takes hours for large collections
  --seed        with --findable, samples the same vectors as an earlier run with this seed (default: a new seed)
  --mirror      also compares the mirror in S3 Vectors (collections:mirror) with the published generation, once it has
                caught up; --repair writes what is missing or stale in it, and deletes what is extra
  --json        prints the reports of all shards as JSON; progress goes to standard error
  --stack       name of a deployed stack (default: the local stack)
  --help        this text

A receipt in flight, such as one that was just exported, is listed separately and is no difference. The exit code is 0 if
nothing differs and every sampled vector is found, 1 if a receipt or a mirror differs or a vector is not found, 2 if a shard
or a mirror could not be compared.
`;

/** Per shard; it shows a miss rate of 1 % with near certainty. */
const vectorsPerSample = 1_000;

interface Asked {
  readonly collection?: string | undefined;
  readonly repair: boolean;
  readonly numbers: boolean;
  readonly findable: boolean;
  readonly all: boolean;
  readonly seed?: string | undefined;
  readonly mirror: boolean;
  readonly json: boolean;
  readonly stack?: string | undefined;
}

async function main(): Promise<void> {
  const { values: asked, positionals } = readCommandLine("verify", {
    allowPositionals: true,
    options: {
      collection: { type: "string" },
      repair: { type: "boolean", default: false },
      numbers: { type: "boolean", default: false },
      findable: { type: "boolean", default: false },
      all: { type: "boolean", default: false },
      seed: { type: "string" },
      mirror: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      stack: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (asked.help) {
    process.stdout.write(usage);
    return;
  }
  const [subject, ...rest] = positionals;
  if ((subject !== undefined && subject !== "images") || rest.length > 0) {
    throw new UsageWrongError("verify", "Name images, or nothing for the collections.");
  }
  const known: readonly string[] = collections;
  if (asked.collection !== undefined && !known.includes(asked.collection)) {
    throw new UsageWrongError("verify", `--collection is ${collections.join(" or ")}.`);
  }
  if (!asked.findable && (asked.all || asked.seed !== undefined)) {
    throw new UsageWrongError("verify", "--all and --seed need --findable.");
  }
  const { outputs, environment } = await resolveTarget({ stack: asked.stack });
  Object.assign(process.env, environment);
  if (subject === "images") {
    process.exitCode = await verifyStackImages(outputs, asked);
    return;
  }
  if (asked.mirror && outputs.mirror === undefined) {
    throw new UsageWrongError("verify", "--mirror needs a stack with collections:mirror s3vectors.");
  }
  const screen = new Screen(asked.json ? process.stderr : process.stdout);
  const looked = await verify(outputs, asked, screen);
  const rejectedRows = await countRejectedRows(outputs);
  screen.print(...rejectedText(rejectedRows));
  const findable = asked.findable ? await ask(outputs, asked, screen) : undefined;
  const mirror = asked.mirror ? await compareMirrors(outputs, asked, screen) : undefined;
  const verdict = worse(
    worse(verdictOf(looked), verdictOfAnswers(findable?.shards ?? [])),
    verdictOfMirrors(mirror ?? []),
  );
  if (asked.json) process.stdout.write(`${jsonOf({ verdict, looked, rejectedRows, findable, mirror })}\n`);
  process.exitCode = exitCodes[verdict];
}

/** Runs after any repair, so that repaired vectors are sampled too. */
async function ask(outputs: StackOutputs, asked: Asked, screen: Screen) {
  const seed = asked.seed ?? randomBytes(4).toString("hex");
  const findable = { sample: asked.all ? null : vectorsPerSample, seed };
  screen.heading("Searching for vectors by their own numbers");
  const shards = await askShards(outputs.functions.verify, shardsMeant(outputs, asked), findable, screen);
  screen.print(...answerLines(shards, asked.all ? undefined : seed));
  return { seed, shards };
}

/** Runs after any repair of the collections, so that what is repaired is mirrored too. */
async function compareMirrors(outputs: StackOutputs, asked: Asked, screen: Screen): Promise<Mirrored[]> {
  const functionName = outputs.mirror?.function ?? "";
  const shards = shardsMeant(outputs, asked);
  screen.heading("Comparing the mirror in S3 Vectors");
  let mirrored = await askMirrors(functionName, shards, "report");
  screen.print(...mirrorLines(mirrored));
  if (!asked.repair || verdictOfMirrors(mirrored) !== "differs") return mirrored;
  screen.heading("Repairing the mirror");
  await askMirrors(functionName, shards, "repair");
  screen.heading("Comparing again");
  mirrored = await askMirrors(functionName, shards, "report");
  screen.print(...mirrorLines(mirrored));
  return mirrored;
}

async function verify(outputs: StackOutputs, asked: Asked, screen: Screen): Promise<readonly Looked[]> {
  const look = async () => {
    const looked = await lookAtShards(outputs.functions.verify, shardsMeant(outputs, asked), asked, screen);
    screen.print(...summaryLines(looked), ...detailLines(looked), "", verdictText(looked));
    return looked;
  };
  let looked = await look();
  const corrupt = corruptOf(looked);
  if (asked.repair && corrupt.length > 0) {
    for (const shard of corrupt) {
      screen.heading(`Rebuilding ${shard}, whose published generation cannot be opened`);
      screen.print(...rebuiltText(shard, await rebuildShard(outputs, shard, screen)));
    }
    screen.heading("Comparing again");
    looked = await look();
  }
  const findings = findingsOf(looked).filter(isRepairable);
  if (!asked.repair || findings.length === 0) return looked;
  screen.heading(`Repairing ${findings.length} findings`);
  await repairFindings(outputs, looked, findings, screen);
  screen.heading("Comparing again");
  return look();
}

function shardsMeant(outputs: StackOutputs, { collection }: Asked): ShardName[] {
  return collections
    .filter((one) => collection === undefined || one === collection)
    .flatMap((one) => shardNames(one, outputs[`${one}QueueUrls`].length));
}

/** The exit code if the command itself fails. */
const couldNotTell = 2;

runCommand(main, couldNotTell);
