import {
  type Collection,
  collections,
  type ShardName,
  shardName,
  shardNames,
} from "../../contract/collections.ts";
import { readCommandLine, UsageWrongError } from "../command.ts";
import { type ExportTarget, exportTarget } from "./export-target.ts";

export interface Asked {
  readonly help: boolean;
  readonly collection: Collection;
  /** Starts at 1. */
  readonly shard: number | undefined;
  /** The generation to publish again. */
  readonly restore: number | undefined;
  /** Whether to build a generation from the deltas. */
  readonly rebuild: boolean;
  /** The target of a snapshot of the whole collection. */
  readonly export: ExportTarget | undefined;
  readonly yes: boolean;
  readonly json: boolean;
  readonly stack: string | undefined;
}

const script = "generations";

/** Throws UsageWrongError. */
export function readArguments(args: readonly string[]): Asked {
  const { values, positionals } = readCommandLine(script, {
    args: [...args],
    allowPositionals: true,
    options: {
      shard: { type: "string" },
      restore: { type: "string" },
      rebuild: { type: "boolean", default: false },
      export: { type: "string" },
      yes: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      stack: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const { rebuild, yes, json, stack, help } = values;
  const restore = numberOf("--restore", values.restore);
  const operations = [rebuild || undefined, restore, values.export];
  if (operations.filter((one) => one !== undefined).length > 1)
    throw new UsageWrongError(script, "Use one of --restore, --rebuild and --export.");
  if (yes && restore === undefined) throw new UsageWrongError(script, "--yes is only for --restore.");
  const collection = collections.find((name) => positionals.length === 1 && name === positionals[0]);
  if (collection === undefined && !help)
    throw new UsageWrongError(script, `Name one of ${collections.join(" and ")}.`);
  const shard = numberOf("--shard", values.shard);
  if (shard !== undefined && values.export !== undefined)
    throw new UsageWrongError(script, "--export takes the whole collection, so it goes without --shard.");
  return {
    help,
    collection: collection ?? "lines",
    shard,
    restore,
    rebuild,
    export: targetOf(values.export),
    yes,
    json,
    stack,
  };
}

/** Returns the shards to which the command applies, of a collection with `count` shards. Throws UsageWrongError. */
export function shardsMeant({ collection, shard, restore }: Asked, count: number): ShardName[] {
  if (shard !== undefined) {
    if (shard > count)
      throw new UsageWrongError(script, `--shard is at most ${count}: ${collection} has no more.`);
    return [shardName(collection, shard - 1, count)];
  }
  if (restore !== undefined && count > 1) {
    throw new UsageWrongError(
      script,
      `${collection} has ${count} shards, each with generations of its own: say which with --shard.`,
    );
  }
  return shardNames(collection, count);
}

function targetOf(text: string | undefined): ExportTarget | undefined {
  if (text === undefined) return undefined;
  const target = exportTarget(text);
  if (target) return target;
  throw new UsageWrongError(script, `--export takes s3://BUCKET/PREFIX or a folder, not ${text}.`);
}

function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new UsageWrongError(script, `${option} is a number from 1, not ${text}.`);
  return Number(text);
}
