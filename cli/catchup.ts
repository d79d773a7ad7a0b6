import { S3Client } from "@aws-sdk/client-s3";
import { ObjectStore } from "../core/catchup/sources/object-store.ts";
import { CatchUpClient, CatchUpNotDeployedError, type ShownTask } from "./catchup/client.ts";
import { writeFailedCsv } from "./catchup/failed-csv.ts";
import { failedRecordsIn, readFailedRecords } from "./catchup/failed-records.ts";
import { follow } from "./catchup/follow.ts";
import { type Order, readOrder, usage } from "./catchup/order.ts";
import { failedLine, failedLines, isGood, outcomeLines, reasonLines } from "./catchup/outcome.ts";
import { progressOf, recordsDone, whole } from "./catchup/progress.ts";
import { taskLines } from "./catchup/task-list.ts";
import { upload } from "./catchup/upload.ts";
import { runCommand } from "./command.ts";
import { Screen } from "./screen.ts";
import { resolveTarget, type StackOutputs } from "./target.ts";

const failedShown = 5;
const screen = new Screen(process.stdout);

interface Stack {
  readonly client: CatchUpClient;
  readonly s3: S3Client;
  readonly outputs: NonNullable<StackOutputs["catchUp"]>;
  /** Options that commands for the same stack need. */
  readonly suffix: string;
}

async function main(): Promise<void> {
  const { order, stack: name } = readOrder(process.argv.slice(2));
  if (order.kind === "help") {
    process.stdout.write(usage);
    return;
  }
  const { outputs, environment } = await resolveTarget({ stack: name });
  Object.assign(process.env, environment);
  if (outputs.catchUp === undefined) throw new CatchUpNotDeployedError();
  const stack: Stack = {
    client: await CatchUpClient.of(outputs.catchUp),
    s3: new S3Client({}),
    outputs: outputs.catchUp,
    suffix: name === undefined ? "" : ` --stack ${name}`,
  };
  if (order.kind === "cancel") {
    const { status, progress } = await stack.client.cancel(order.taskId);
    screen.print(
      `${order.taskId} is ${status}: ${whole(progress.processed_records)} records are in the index.`,
    );
    return;
  }
  if (order.kind === "list") {
    screen.print(...taskLines(await stack.client.list(order.status)));
    return;
  }
  if (order.kind === "failed") return listFailed(order, stack);
  await toTheEnd(await taskOf(order, stack), stack);
}

async function taskOf(
  order: Extract<Order, { kind: "start" | "follow" | "retry" | "cancel" }>,
  { client, s3, outputs }: Stack,
): Promise<string> {
  if (order.kind === "retry") return client.retryFailed(order.taskId);
  if (order.kind !== "start") return order.taskId;
  if (order.file === undefined) return client.start(order.request, order.idempotencyKey);
  const key = await upload(order.file, outputs.sourceBucket, s3, (bytes, of) => {
    const text = `uploading ${whole(bytes)} of ${whole(of)} bytes`;
    screen.status([`  ${text}`], text);
  });
  return client.start({ ...order.request, s3_key: key }, order.idempotencyKey);
}

/** Every failed record: on the screen, or as a CSV with its row. */
async function listFailed(
  { taskId, csv }: Extract<Order, { kind: "failed" }>,
  { client, s3, outputs }: Stack,
): Promise<void> {
  const { failed_records_key: prefix } = await client.status(taskId);
  if (prefix === null) return screen.print(`No record of ${taskId} failed.`);
  const work = new ObjectStore(s3, outputs.workBucket);
  if (csv !== undefined) {
    const count = await writeFailedCsv(csv, () => failedRecordsIn(prefix, work));
    return screen.print(`${whole(count)} failed records are in ${csv}.`);
  }
  const { counts } = await readFailedRecords(prefix, work, 0);
  screen.print(...reasonLines(counts), "");
  for await (const record of failedRecordsIn(prefix, work)) screen.print(failedLine(record));
}

async function toTheEnd(taskId: string, stack: Stack): Promise<void> {
  screen.print(`Task ${taskId}`);
  process.once("SIGINT", () => leave(taskId, stack));
  const began = performance.now();
  let before: number | undefined;
  let shown: readonly string[] = [];
  const task = await follow(taskId, stack.client, (now) => {
    before ??= recordsDone(now);
    const { block, line } = progressOf(now, (performance.now() - began) / 1_000, before);
    screen.status(block, line);
    shown = block;
  });
  screen.print(...shown);
  await tell(task, stack);
}

/** The task runs in the stack; this command only follows it. */
function leave(taskId: string, { suffix }: Stack): void {
  screen.print("", `${taskId} continues.`);
  screen.suggest([
    { purpose: "follow it", command: `npm run catchup -- --follow ${taskId}${suffix}` },
    { purpose: "cancel it", command: `npm run catchup -- --cancel ${taskId}${suffix}` },
  ]);
  process.exit(1);
}

async function tell(task: ShownTask, { s3, outputs, suffix }: Stack): Promise<void> {
  const good = isGood(task);
  screen.heading(
    screen.paint(good ? "green" : "red", task.dry_run ? `${task.status}, a dry run` : task.status),
  );
  screen.print(...outcomeLines(task).map((line) => `  ${line}`));
  if (task.failed_records_key !== null) {
    const work = new ObjectStore(s3, outputs.workBucket);
    const failed = await readFailedRecords(task.failed_records_key, work, failedShown);
    screen.heading("What failed");
    screen.print(...failedLines(failed).map((line) => `  ${line}`.trimEnd()));
    screen.suggest([
      {
        purpose: "all of them, with their rows",
        command: `npm run catchup -- --failed ${task.task_id} --csv failed.csv${suffix}`,
      },
    ]);
    if (!task.dry_run) {
      screen.suggest([
        { purpose: "retry only these", command: `npm run catchup -- --retry ${task.task_id}${suffix}` },
      ]);
    }
  }
  if (!good) process.exitCode = 1;
}

runCommand(main);
