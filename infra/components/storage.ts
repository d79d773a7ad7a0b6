import * as pulumi from "@pulumi/pulumi";
import { KeyedTable } from "./keyed-table.ts";
import type { Named, ReceiptsTable } from "./named.ts";
import { PrivateBucket } from "./private-bucket.ts";

export interface StorageArgs {
  /** Whether deleting the stack is refused while there is data. */
  readonly keepData: boolean;
  /** An existing receipts table. @default a table of the stack's own */
  readonly receiptsTable?: ReceiptsTable;
  /** An existing bucket with OCR rows. @default a bucket of the stack's own */
  readonly artifactsBucket?: Named;
  readonly rejectedRetentionDays: number;
}

/** A collection can be rebuilt from rows and deltas only: a month to notice that some were deleted or overwritten. */
const keepVersionsDays = 30;

/** Where rows, deltas, runs and the order of things are kept. */
export class Storage extends pulumi.ComponentResource {
  /** OCR rows, as they were exported. */
  readonly artifacts: Named;
  /** Delta files, rejected rows and stream records that could not be handled. */
  readonly deltas: Named;
  /** The user's items, and the runs. */
  readonly receipts: ReceiptsTable;
  /** Which run counts, leases, heads and the rate limiter. */
  readonly control: Named;

  constructor(name: string, args: StorageArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:Storage", name, {}, options);
    const stem = name.replace(/-storage$/, "");
    const inside = { parent: this };
    const { keepData } = args;

    this.artifacts =
      args.artifactsBucket ??
      namedBucket(new PrivateBucket(`${stem}-artifacts`, { keepData, keepVersionsDays }, inside));
    this.deltas = namedBucket(
      new PrivateBucket(
        `${stem}-deltas`,
        { keepData, keepVersionsDays, expiring: { prefix: "rejected/", days: args.rejectedRetentionDays } },
        inside,
      ),
    );
    this.receipts =
      args.receiptsTable ?? new KeyedTable(`${stem}-receipts`, { keepData, stream: true }, inside).table;
    const control = { keepData, stream: false, expiry: "expires_at" };
    this.control = new KeyedTable(`${stem}-control`, control, inside).table;
    this.registerOutputs();
  }
}

function namedBucket({ bucket }: PrivateBucket): Named {
  return { name: bucket.bucket, arn: bucket.arn };
}
