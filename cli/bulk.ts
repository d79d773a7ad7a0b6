import { S3Client } from "@aws-sdk/client-s3";
import { ObjectStore } from "../core/catchup/sources/object-store.ts";
import { BulkClient, type BulkHealth, BulkNotDeployedError, BulkUnreachableError } from "./bulk/client.ts";
import { type BulkOrder, readBulkOrder, usage } from "./bulk/order.ts";
import type { ShownTask } from "./catchup/client.ts";
import { readFailedRecords } from "./catchup/failed-records.ts";
import { follow } from "./catchup/follow.ts";
import { failedLines, isGood, outcomeLines } from "./catchup/outcome.ts";
import { progressOf, recordsDone, whole } from "./catchup/progress.ts";
import { taskLines } from "./catchup/task-list.ts";
import { upload } from "./catchup/upload.ts";
import { runCommand } from "./command.ts";
import { Screen } from "./screen.ts";
import { resolveTarget, type StackOutputs } from "./target.ts";

const failedShown = 5;
const lookEveryMs = 500;
const screen = new Screen(process.stdout);

interface Stack {
  readonly client: BulkClient;
  readonly s3: S3Client;
  readonly catchUp: NonNullable<StackOutputs["catchUp"]>;
  /** Options that commands for the same stack need. */
  readonly suffix: string;
}

async function main(): Promise<void> {
  const { order, stack: name } = readBulkOrder(process.argv.slice(2));
  if (order.kind === "help") {
    process.stdout.write(usage);
    return;
  }
  const { outputs, environment } = await resolveTarget({ stack: name });
  Object.assign(process.env, environment);
  const { bulk, catchUp } = outputs;
  if (bulk === undefined || catchUp === undefined) throw new BulkNotDeployedError();
  const suffix = name === undefined ? "" : ` --stack ${name}`;
  await carryOut(order, { client: await BulkClient.of(bulk), s3: new S3Client({}), catchUp, suffix });
}

async function carryOut(order: Exclude<BulkOrder, { kind: "help" }>, stack: Stack): Promise<void> {
  const { client } = stack;
  switch (order.kind) {
    case "health":
      return showHealth(await client.health());
    case "tasks":
      return screen.print(...taskLines(await client.list(order.status)));
    case "cancel": {
      await client.cancel(order.taskId);
      const { progress } = await client.status(order.taskId);
      return screen.print(
        `${order.taskId} is cancelled: ${whole(progress.processed_records)} records are in the index.`,
      );
    }
    case "status":
      return toTheEnd(order.taskId, stack);
    case "retry":
      return toTheEnd(await client.retry(order.taskId), stack);
    case "start":
      return toTheEnd(await start(order, stack), stack);
  }
}

function showHealth({ status, workers, redis, dynamodb }: BulkHealth): void {
  screen.print(
    screen.paint(status === "healthy" ? "green" : "red", status),
    `  workers   ${whole(workers.active)}, which could take ${whole(workers.available)} more chunks now`,
    `  waiting   ${workers.queued_tasks === null ? "unknown" : `${whole(workers.queued_tasks)} jobs`}`,
    `  broker    ${redis}`,
    `  table     ${dynamodb}`,
  );
  if (status !== "healthy") process.exitCode = 1;
}

async function start(
  { file, request, idempotencyKey }: Extract<BulkOrder, { kind: "start" }>,
  { client, s3, catchUp }: Stack,
): Promise<string> {
  if (file === undefined) return client.start(request, idempotencyKey);
  const key = await upload(file, catchUp.sourceBucket, s3, (bytes, of) => {
    const text = `uploading ${whole(bytes)} of ${whole(of)} bytes`;
    screen.status([`  ${text}`], text);
  });
  return client.start({ ...request, s3_key: key }, idempotencyKey);
}

async function toTheEnd(taskId: string, stack: Stack): Promise<void> {
  screen.print(`Task ${taskId}`);
  process.once("SIGINT", () => leave(taskId, stack));
  const began = performance.now();
  let before: number | undefined;
  let shown: readonly string[] = [];
  const show = (now: ShownTask) => {
    before ??= recordsDone(now);
    const { block, line } = progressOf(now, (performance.now() - began) / 1_000, before);
    screen.status(block, line);
    shown = block;
  };
  const isPassing = (error: unknown) => error instanceof BulkUnreachableError;
  const task = await follow(taskId, stack.client, show, { everyMs: lookEveryMs, isPassing });
  screen.print(...shown);
  await tell(task, stack);
}

/** The task runs in the stack; this command only follows it. */
function leave(taskId: string, { suffix }: Stack): void {
  screen.print("", `${taskId} continues.`);
  screen.suggest([
    { purpose: "follow it", command: `npm run bulk -- status ${taskId}${suffix}` },
    { purpose: "cancel it", command: `npm run bulk -- cancel ${taskId}${suffix}` },
  ]);
  process.exit(1);
}

async function tell(task: ShownTask, { s3, catchUp, suffix }: Stack): Promise<void> {
  const good = isGood(task);
  screen.heading(
    screen.paint(good ? "green" : "red", task.dry_run ? `${task.status}, a dry run` : task.status),
  );
  screen.print(...outcomeLines(task).map((line) => `  ${line}`));
  if (task.failed_records_key !== null) {
    const work = new ObjectStore(s3, catchUp.workBucket);
    const failed = await readFailedRecords(task.failed_records_key, work, failedShown);
    screen.heading("What failed");
    screen.print(...failedLines(failed).map((line) => `  ${line}`.trimEnd()));
    if (!task.dry_run) {
      screen.suggest([
        { purpose: "retry only these", command: `npm run bulk -- retry ${task.task_id}${suffix}` },
      ]);
    }
  }
  if (!good) process.exitCode = 1;
}

runCommand(main);
