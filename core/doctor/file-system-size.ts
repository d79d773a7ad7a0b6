import { type Finding, ok, warn } from "./check.ts";

export interface FileSystemUse {
  readonly meteredBytes: number;
  /** Of the published generations of all shards; undefined while one of them has not recorded it. */
  readonly keptBytes: number | undefined;
}

/** As the alarm on it has it. */
const unaccountedGibibytes = 1;
const gibibyte = 1024 ** 3;

/** What EFS bills beside what the kept generations take. */
export function sizeFinding(use: FileSystemUse): Finding {
  const text = sizeText(use);
  const unaccounted = use.meteredBytes - (use.keptBytes ?? use.meteredBytes);
  if (unaccounted <= unaccountedGibibytes * gibibyte) return ok(text);
  return warn(text, "See docs/runbooks/file-system.md; EFS meters what was deleted within some hours.");
}

export function sizeText({ meteredBytes, keptBytes }: FileSystemUse): string {
  const metered = `EFS meters ${megabytes(meteredBytes)}`;
  return keptBytes === undefined
    ? `${metered}; what the kept generations take is recorded by the next cycle of each shard.`
    : `${metered}; the kept generations take ${megabytes(keptBytes)}.`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
