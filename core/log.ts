/**
 * All fields that a log line may have. A field has the same name in every process, so that one Logs Insights query by
 * `image_id` finds all lines about an image. The compiler rejects any other field.
 */
export interface LogFields {
  // The subject of the line.
  readonly image_id?: string | undefined;
  readonly item_id?: string | undefined;
  readonly receipt_id?: number | undefined;
  readonly run_id?: string | undefined;
  readonly task_id?: string | undefined;
  readonly chunk?: number | undefined;
  /** Of a batch of embedding requests: its place in its task, and the provider's id. */
  readonly unit?: number | undefined;
  readonly batch_id?: string | undefined;
  readonly collection?: string | undefined;
  readonly shard?: string | undefined;
  readonly shards?: readonly string[] | undefined;
  readonly generation?: number | undefined;
  readonly generation_name?: string | null | undefined;
  readonly vector_id?: string | undefined;
  readonly message_id?: string | undefined;
  /** The trace of the invocation, 32 hexadecimal digits. */
  readonly trace_id?: string | undefined;
  readonly message_ids?: readonly (string | undefined)[] | undefined;
  /** Receipt keys, `IMAGE#{image_id}#RECEIPT#{receipt_id}`, of a line about several receipts. */
  readonly receipts?: readonly string[] | undefined;
  /** The stream record, and the key of the item. */
  readonly event_id?: unknown;
  readonly pk?: unknown;
  readonly sk?: unknown;
  /** Keys of S3 objects. */
  readonly key?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly execution_arn?: string | undefined;

  // Errors; see `errorFields`.
  readonly error_name?: string | undefined;
  readonly error_code?: string | undefined;
  readonly reason?: string | undefined;
  readonly stack?: string | undefined;
  readonly problems?: readonly string[] | undefined;
  readonly check?: string | undefined;
  readonly message_body?: string | undefined;

  // Figures.
  readonly duration_ms?: number | undefined;
  readonly duration_ms_by_step?: Readonly<Record<string, number>> | undefined;
  readonly received?: number | undefined;
  readonly relevant?: number | undefined;
  readonly skipped?: number | undefined;
  readonly of_others?: number | undefined;
  readonly rejected?: number | undefined;
  readonly sent?: number | undefined;
  readonly refused?: number | undefined;
  readonly messages?: number | undefined;
  readonly opened?: number | undefined;
  readonly reopened?: number | undefined;
  readonly unchanged?: number | undefined;
  readonly cached?: number | undefined;
  readonly superseded?: number | undefined;
  readonly deferred?: number | undefined;
  readonly admitted?: number | undefined;
  readonly failed?: number | undefined;
  readonly failures?: number | undefined;
  readonly lines?: number | undefined;
  readonly words?: number | undefined;
  readonly vectors?: number | undefined;
  readonly items?: number | undefined;
  readonly segments?: number | undefined;
  readonly overlay_vectors?: number | undefined;
  readonly rejected_rows?: number | undefined;
  readonly changed_rows?: number | undefined;
  readonly embedded_texts?: number | undefined;
  readonly embedding_requests?: number | undefined;
  readonly deltas?: number | undefined;
  readonly changes?: number | undefined;
  readonly written?: number | undefined;
  readonly updated?: number | undefined;
  readonly removed?: number | undefined;
  readonly done?: number | undefined;
  readonly redelivered?: number | undefined;
  readonly bytes_copied?: number | undefined;
  readonly bytes_written?: number | undefined;
  readonly receipt_count?: number | undefined;
  readonly receipts_done?: number | undefined;
  readonly receipts_left_out?: number | undefined;
  readonly processed?: number | undefined;
  readonly filtered?: number | undefined;
  readonly duplicates?: number | undefined;
  readonly tokens?: number | undefined;
  readonly open?: number | undefined;
  readonly given_up?: number | undefined;
  readonly redriven?: number | undefined;
  readonly settled?: number | undefined;
  readonly started?: number | undefined;
  readonly seen?: number | undefined;
  readonly doubtful?: number | undefined;
  readonly missing?: number | undefined;
  readonly extra?: number | undefined;
  readonly stale?: number | undefined;
  readonly unknown?: number | undefined;
  readonly asked?: number | undefined;
  readonly found?: number | undefined;
  readonly not_found?: number | undefined;
  readonly in_flight?: number | undefined;
  readonly faulty?: number | undefined;
  readonly without_run?: number | undefined;
  readonly without_delta?: number | undefined;

  // Other data.
  readonly step?: string | undefined;
  readonly status?: string | number | undefined;
  readonly signal?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly method?: string | undefined;
  readonly path?: string | undefined;
  readonly fault?: string | undefined;
  readonly examples?: readonly string[] | undefined;
  readonly attempt?: number | undefined;
  readonly redrive?: number | undefined;
  /** The last key of an unfinished scan; the next one continues after it. */
  readonly reached?: string | undefined;
  readonly changed_examples?: readonly object[] | undefined;
  readonly truncated_fields?: readonly string[] | undefined;
  readonly base?: string | null | undefined;
  readonly previous_generation?: number | null | undefined;
  readonly content_generation?: string | undefined;
  readonly removed_generations?: readonly string[] | undefined;
  readonly unreadable_generations?: readonly string[] | undefined;
  readonly mismatched_files?: readonly string[] | undefined;
}

/** Accepts only keys of LogFields, spread ones included. */
type Known<Fields> = Readonly<{
  [Name in keyof Fields]: Name extends keyof LogFields ? LogFields[Name] : never;
}>;

/** The part of a structured logger that core needs; Powertools' Logger fits it. */
export interface Log {
  debug<Fields extends object>(message: string, ...fields: (Fields & Known<Fields>)[]): void;
  info<Fields extends object>(message: string, ...fields: (Fields & Known<Fields>)[]): void;
  warn<Fields extends object>(message: string, ...fields: (Fields & Known<Fields>)[]): void;
  error<Fields extends object>(message: string, ...fields: (Fields & Known<Fields>)[]): void;
}

/** For callers that print their own progress. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The fields of a line about a receipt. */
export function receiptFields({
  imageId,
  receiptId,
}: {
  readonly imageId: string;
  readonly receiptId: number;
}) {
  return { image_id: imageId, receipt_id: receiptId };
}

/** The fields of a line that counts documents. */
export function documentCounts({
  known,
  done,
  leftOut,
}: {
  readonly known?: number;
  readonly done?: number;
  readonly leftOut?: number;
}) {
  return {
    ...(known !== undefined && { receipt_count: known }),
    ...(done !== undefined && { receipts_done: done }),
    ...(leftOut !== undefined && { receipts_left_out: leftOut }),
  };
}

/** The field of a line about several documents: their keys. */
export function documentKeys(keys: readonly string[]) {
  return { receipts: keys };
}

/** The fields of a line about a run. */
export function runFields(run: {
  readonly imageId: string;
  readonly receiptId: number;
  readonly runId: string;
}) {
  return { ...receiptFields(run), run_id: run.runId };
}

/** The fields of a line about an error, whatever was thrown. */
export function errorFields(error: unknown) {
  if (!(error instanceof Error)) return { error_name: typeof error, reason: String(error) };
  const code: unknown = "code" in error ? error.code : undefined;
  return {
    error_name: error.name,
    ...(typeof code === "string" && { error_code: code }),
    reason: error.message,
  };
}
