import { delimiterNames, encodings } from "../../core/catchup/requests/csv-form.ts";
import { hosts, lanes } from "../../core/catchup/requests/process-request.ts";
import { statuses } from "../../core/catchup/tasks/task.ts";
import { readCommandLine, UsageWrongError } from "../command.ts";

export const usage = `Indexes the rows of a CSV file or of a Metabase question into Pinecone, S3 Vectors or Chroma, and shows the progress.

  npx vectorkeep catchup FILE.csv [--from DAY] [--to DAY] [options]
  npx vectorkeep catchup --metabase QUESTION [--from DAY] [--to DAY] [options]
  npx vectorkeep catchup --s3-key KEY [--from DAY] [--to DAY] [options]
  npx vectorkeep catchup --follow TASK | --retry TASK | --cancel TASK [--stack NAME]
  npx vectorkeep catchup --failed TASK [--csv FILE] [--stack NAME]
  npx vectorkeep catchup --forget-namespace NAMESPACE [--yes] [--stack NAME]
  npx vectorkeep catchup --list [--status STATUS] [--stack NAME]

  FILE.csv      a CSV, gzip or not, with the columns id and formatted_text; it is uploaded to the stack's source bucket
  --s3-key      key of a CSV in the source bucket
  --metabase    number of a saved question (default dates: yesterday and today)
  --from, --to  days as YYYY-MM-DD, compared with the column created_at (default for a file: all rows)
  --date-column column that --from and --to compare (default: created_at)
  --namespace   namespace of records without a record_type
  --model       a model of catchup:models (default: embedding:model)
  --question    first part of the vector ids of a file (default: the setting catchup:questionId)
  --batch-size  vectors per request to the index
  --incremental skips records that the index holds with the same content
  --dry-run     reports rows, tokens, cost and time; embeds and writes nothing
  --host        ${hosts.join(", ")}: what processes the rows (default: auto, by their number)
  --lane        ${lanes.join(", ")}: batch pays half the price within a day, auto where that saves enough (default: sync)
  --encoding    ${encodings.join(", ")}: for a file without a byte order mark (default: utf-8)
  --delimiter   ${delimiterNames.join(", ")}: between the cells of a file (default: comma, or what a line sep= says)
  --idempotency-key  the same key returns the same task, also in a later run of the command
  --follow      shows the progress of an existing task until it ends
  --retry       starts a task over the failed records of another
  --failed      lists every failed record of a task; with --csv, writes them with their rows to a file
  --list        lists the newest tasks; with --status, only ${statuses.join(", ")}
  --forget-namespace  forgets which model a namespace is for, after you have emptied it; the next task decides again
  --yes         does not ask
  --cancel      cancels a task; what is in the index stays
  --stack       name of a deployed stack (default: the local stack)
  --help        this text

Ctrl-C leaves the task running. The exit code is 0 if every record is in the index (or there was none), or if the task was
cancelled by --cancel; otherwise 1.
`;

/** A parsed command line. */
export type Order =
  | { readonly kind: "help" }
  | {
      readonly kind: "start";
      readonly file: string | undefined;
      readonly request: StartRequest;
      readonly idempotencyKey: string | undefined;
    }
  | { readonly kind: "forget-namespace"; readonly namespace: string; readonly isConfirmed: boolean }
  | { readonly kind: "list"; readonly status: string | undefined }
  | { readonly kind: "failed"; readonly taskId: string; readonly csv: string | undefined }
  | { readonly kind: "follow" | "retry" | "cancel"; readonly taskId: string };

/** Parameters of `POST /process`. The API validates them and names every invalid one. */
export type StartRequest = Readonly<Record<string, string | boolean>>;

export interface CommandLine {
  readonly order: Order;
  readonly stack: string | undefined;
}

const script = "catchup";
const ofTask = ["follow", "retry", "cancel", "failed"] as const;

/** Throws UsageWrongError. */
export function readOrder(args: readonly string[]): CommandLine {
  const { values, positionals } = readCommandLine(script, {
    args: [...args],
    allowPositionals: true,
    options: {
      from: { type: "string" },
      to: { type: "string" },
      namespace: { type: "string" },
      model: { type: "string" },
      "forget-namespace": { type: "string" },
      yes: { type: "boolean", default: false },
      question: { type: "string" },
      metabase: { type: "string" },
      "s3-key": { type: "string" },
      "date-column": { type: "string" },
      "batch-size": { type: "string" },
      "idempotency-key": { type: "string" },
      list: { type: "boolean", default: false },
      status: { type: "string" },
      failed: { type: "string" },
      csv: { type: "string" },
      "dry-run": { type: "boolean", default: false },
      incremental: { type: "boolean", default: false },
      host: { type: "string" },
      lane: { type: "string" },
      encoding: { type: "string" },
      delimiter: { type: "string" },
      follow: { type: "string" },
      retry: { type: "string" },
      cancel: { type: "string" },
      stack: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const { stack, help, metabase } = values;
  if (help) return { order: { kind: "help" }, stack };
  const asked = ofTask.filter((kind) => values[kind] !== undefined);
  const forgotten = values["forget-namespace"];
  const others = [metabase, values["s3-key"], values.list || undefined, forgotten].filter(
    (one) => one !== undefined,
  );
  if (positionals.length + others.length + asked.length !== 1) {
    throw new UsageWrongError(
      script,
      "Give one CSV file, or one of --metabase, --s3-key, --follow, --retry, --cancel, --failed, --forget-namespace and --list.",
    );
  }
  if (values.csv !== undefined && values.failed === undefined) {
    throw new UsageWrongError(script, "--csv needs --failed.");
  }
  if (values.status !== undefined && !values.list) {
    throw new UsageWrongError(script, "--status needs --list.");
  }
  if (forgotten !== undefined) {
    return { order: { kind: "forget-namespace", namespace: forgotten, isConfirmed: values.yes }, stack };
  }
  if (values.list) return { order: { kind: "list", status: values.status }, stack };
  const [kind] = asked;
  if (kind === "failed") {
    return { order: { kind, taskId: values.failed ?? "", csv: values.csv }, stack };
  }
  if (kind !== undefined) return { order: { kind, taskId: values[kind] ?? "" }, stack };
  if (values.to !== undefined && values.from === undefined) {
    throw new UsageWrongError(script, "--to needs --from.");
  }
  if (metabase !== undefined && values.question !== undefined) {
    throw new UsageWrongError(script, "--metabase names the question already.");
  }
  const [file] = positionals;
  const idempotencyKey = values["idempotency-key"];
  return { order: { kind: "start", file, request: requestOf(values), idempotencyKey }, stack };
}

interface Values {
  readonly from?: string;
  readonly to?: string;
  readonly namespace?: string;
  readonly model?: string;
  readonly question?: string;
  readonly metabase?: string;
  readonly host?: string;
  readonly lane?: string;
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly "s3-key"?: string;
  readonly "date-column"?: string;
  readonly "batch-size"?: string;
  readonly "dry-run": boolean;
  readonly incremental: boolean;
}

function requestOf({
  from,
  to,
  namespace,
  model,
  question,
  metabase,
  host,
  lane,
  encoding,
  delimiter,
  ...flags
}: Values): StartRequest {
  const isOfAllDates = metabase === undefined && from === undefined && flags["date-column"] === undefined;
  const named = {
    start_date: from,
    end_date: to,
    namespace,
    model,
    question_id: metabase ?? question,
    host,
    lane,
    encoding,
    delimiter,
    s3_key: flags["s3-key"],
    date_column: flags["date-column"],
    batch_size: flags["batch-size"],
    all_dates: isOfAllDates ? true : undefined,
  };
  return {
    data_source: metabase === undefined ? "s3_csv" : "metabase",
    dry_run: flags["dry-run"],
    incremental: flags.incremental,
    ...Object.fromEntries(
      Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
  };
}
