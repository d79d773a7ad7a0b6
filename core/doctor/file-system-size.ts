import { type Finding, ok, warn } from "./check.ts";

export interface FileSystemUse {
  readonly meteredBytes: number;
  /** Bytes of the published generations of all shards; undefined if a shard has not recorded them. */
  readonly keptBytes: number | undefined;
}

/** The threshold of the alarm. */
const unaccountedGibibytes = 1;
const gibibyte = 1024 ** 3;

/** Compares the billed size of EFS with that of the kept generations. */
export function sizeFinding(use: FileSystemUse): Finding {
  const text = sizeText(use);
  const unaccounted = use.meteredBytes - (use.keptBytes ?? use.meteredBytes);
  if (unaccounted <= unaccountedGibibytes * gibibyte) return ok(text);
  return warn(text, "See docs/runbooks/file-system.md; EFS metering lags some hours behind deletions.");
}

export function sizeText({ meteredBytes, keptBytes }: FileSystemUse): string {
  const metered = `EFS meters ${megabytes(meteredBytes)}`;
  return keptBytes === undefined
    ? `${metered}; the next cycle of each shard records the size of the kept generations.`
    : `${metered}; the kept generations take ${megabytes(keptBytes)}.`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
