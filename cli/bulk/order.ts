import { delimiterNames, encodings } from "../../core/catchup/requests/csv-form.ts";
import { priorities } from "../../core/catchup/requests/process-request.ts";
import { readCommandLine, UsageWrongError } from "../command.ts";
import { bulkStatuses } from "./client.ts";

export const usage = `Indexes the rows of a large CSV file or of a Metabase question into Pinecone by the bulk API's workers, and shows the progress.

  npx vectorkeep bulk FILE.csv [--from DAY] [--to DAY] [options]
  npx vectorkeep bulk --metabase QUESTION [--from DAY] [--to DAY] [options]
  npx vectorkeep bulk --s3-key KEY [--from DAY] [--to DAY] [options]
  npx vectorkeep bulk status TASK | cancel TASK | retry TASK [--chunk N ...] [--stack NAME]
  npx vectorkeep bulk tasks [--status STATUS] [--stack NAME]
  npx vectorkeep bulk health | monitor [--stack NAME]

  FILE.csv      a CSV, gzip or not, with the columns id and formatted_text; it is uploaded to the stack's source bucket
  --s3-key      key of a CSV in the source bucket, or below bulk:sourceFolder where it is set
  --metabase    number of a saved question (default dates: yesterday and today)
  --from, --to  days as YYYY-MM-DD, compared with the column created_at (default for a file: all rows)
  --date-column column that --from and --to compare (default: created_at)
  --namespace   namespace of records without a record_type
  --model       a model of catchup:models (default: embedding:model)
  --question    first part of the vector ids of a file (default: the setting catchup:questionId)
  --batch-size  vectors per request to the index, 100 to 10000
  --chunk-size  rows per chunk, 100 to 100000 (default: the setting catchup:rowsPerChunk)
  --priority    ${priorities.join(", ")} (default: normal)
  --incremental skips records that the index holds with the same content
  --dry-run     reports rows, tokens, cost and time; embeds and writes nothing
  --encoding    ${encodings.join(", ")}: for a file without a byte order mark (default: utf-8)
  --delimiter   ${delimiterNames.join(", ")}: between the cells of a file (default: comma, or what a line sep= says)
  --idempotency-key  the same key returns the same task, also in a later run of the command
  status        shows the progress of an existing task until it ends
  retry         starts a task over the failed records of another; with --chunk, of these chunks alone
  cancel        cancels a task; what is in the index stays
  tasks         lists the newest tasks; with --status, only ${bulkStatuses.join(", ")}
  health        shows workers, waiting jobs, broker and table
  monitor       shows workers, queues, records, active tasks and anomalies
  --stack       name of a deployed stack (default: the local stack)
  --help        this text

Ctrl-C leaves the task running. The exit code is 0 if every record is in the index (or there was none), if the task was
cancelled by cancel, or if the service is healthy or without anomalies; otherwise 1.
`;

/** A parsed command line. */
export type BulkOrder =
  | { readonly kind: "help" | "health" | "monitor" }
  | {
      readonly kind: "start";
      readonly file: string | undefined;
      readonly request: Readonly<Record<string, string | number | boolean>>;
      readonly idempotencyKey: string | undefined;
    }
  | { readonly kind: "tasks"; readonly status: string | undefined }
  | { readonly kind: "status" | "cancel"; readonly taskId: string }
  | { readonly kind: "retry"; readonly taskId: string; readonly chunks: readonly number[] | undefined };

export interface BulkCommandLine {
  readonly order: BulkOrder;
  readonly stack: string | undefined;
}

const script = "bulk";
const ofTask = ["status", "retry", "cancel"] as const;

/** Throws UsageWrongError. */
export function readBulkOrder(args: readonly string[]): BulkCommandLine {
  const { values, positionals } = readCommandLine(script, {
    args: [...args],
    allowPositionals: true,
    options: {
      from: { type: "string" },
      to: { type: "string" },
      namespace: { type: "string" },
      model: { type: "string" },
      question: { type: "string" },
      metabase: { type: "string" },
      "s3-key": { type: "string" },
      "date-column": { type: "string" },
      "batch-size": { type: "string" },
      "chunk-size": { type: "string" },
      priority: { type: "string" },
      "idempotency-key": { type: "string" },
      status: { type: "string" },
      chunk: { type: "string", multiple: true },
      "dry-run": { type: "boolean", default: false },
      incremental: { type: "boolean", default: false },
      encoding: { type: "string" },
      delimiter: { type: "string" },
      stack: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const { stack, metabase } = values;
  const [first, second, ...rest] = positionals;
  if (values.help) return { order: { kind: "help" }, stack };
  if (values.status !== undefined && first !== "tasks") {
    throw new UsageWrongError(script, "--status goes with tasks; `status TASK` shows one task.");
  }
  if (values.chunk !== undefined && first !== "retry") {
    throw new UsageWrongError(script, "--chunk goes with retry.");
  }
  const action = ofTask.find((kind) => kind === first);
  if (action !== undefined) {
    if (second === undefined || rest.length > 0)
      throw new UsageWrongError(script, `${action} takes one task.`);
    if (action !== "retry") return { order: { kind: action, taskId: second }, stack };
    return { order: { kind: action, taskId: second, chunks: values.chunk?.map(chunkNumber) }, stack };
  }
  if (positionals.length > 1) throw new UsageWrongError(script, "Give one CSV file or one command.");
  if (first === "tasks") return { order: { kind: "tasks", status: values.status }, stack };
  if (first === "health" || first === "monitor") return { order: { kind: first }, stack };
  const sources = [first, metabase, values["s3-key"]].filter((one) => one !== undefined);
  if (sources.length !== 1) {
    throw new UsageWrongError(script, "Give one CSV file, or one of --metabase and --s3-key.");
  }
  if (values.to !== undefined && values.from === undefined)
    throw new UsageWrongError(script, "--to needs --from.");
  if (metabase !== undefined && values.question !== undefined) {
    throw new UsageWrongError(script, "--metabase names the question already.");
  }
  const isOfAllDates =
    metabase === undefined && values.from === undefined && values["date-column"] === undefined;
  const named = {
    start_date: values.from,
    end_date: values.to,
    namespace: values.namespace,
    model: values.model,
    question_id: metabase ?? values.question,
    encoding: values.encoding,
    delimiter: values.delimiter,
    s3_key: values["s3-key"],
    date_column: values["date-column"],
    batch_size: numberOf(values["batch-size"]),
    chunk_size: numberOf(values["chunk-size"]),
    priority: values.priority,
    all_dates: isOfAllDates ? true : undefined,
  };
  const request = {
    data_source: metabase === undefined ? "s3_csv" : "metabase",
    dry_run: values["dry-run"],
    incremental: values.incremental,
    ...Object.fromEntries(
      Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
  };
  return { order: { kind: "start", file: first, request, idempotencyKey: values["idempotency-key"] }, stack };
}

function chunkNumber(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new UsageWrongError(script, "--chunk is the number of a chunk.");
  return Number(text);
}

/** Returns other text unchanged, because the API reports all invalid parameters at once. */
function numberOf(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : text;
}
