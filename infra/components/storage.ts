import * as pulumi from "@pulumi/pulumi";
import { KeyedTable } from "./keyed-table.ts";
import type { Named, ReceiptsTable } from "./named.ts";
import { PrivateBucket } from "./private-bucket.ts";

export interface StorageArgs {
  /** Whether deleting the stack is refused while it holds data. */
  readonly keepData: boolean;
  /** An existing receipts table. @default the stack's own table */
  readonly receiptsTable?: ReceiptsTable;
  /** An existing bucket with OCR rows. @default the stack's own bucket */
  readonly artifactsBucket?: Named;
  readonly rejectedRetentionDays: number;
}

/** Rows and deltas are the only source of a rebuild: a month to notice that some were deleted or overwritten. */
const keepVersionsDays = 30;

/** The buckets of rows and deltas, and the receipts and control tables. */
export class Storage extends pulumi.ComponentResource {
  /** Exported OCR rows. */
  readonly artifacts: Named;
  /** Deltas, rejected rows and discarded stream records. */
  readonly deltas: Named;
  /** The user's items and the runs. */
  readonly receipts: ReceiptsTable;
  /** Current runs, leases, heads and the rate limiter. */
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
