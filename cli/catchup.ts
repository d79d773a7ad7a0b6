import { tasksClient } from "../core/catchup/host/tasks-client.ts";
import { forgetNamespace } from "../core/catchup/namespaces/forget-namespace.ts";
import { CatchUpClient, CatchUpNotDeployedError } from "./catchup/client.ts";
import { writeFailedCsv } from "./catchup/failed-csv.ts";
import { failedRecordsIn, readFailedRecords } from "./catchup/failed-records.ts";
import { type Order, readOrder, usage } from "./catchup/order.ts";
import { failedLine, reasonLines } from "./catchup/outcome.ts";
import { whole } from "./catchup/progress.ts";
import { taskLines } from "./catchup/task-list.ts";
import { TaskSession } from "./catchup/task-session.ts";
import { runCommand } from "./command.ts";
import { confirm } from "./confirm.ts";
import { Screen } from "./screen.ts";
import { resolveTarget } from "./target.ts";

const screen = new Screen(process.stdout);

interface Stack {
  readonly client: CatchUpClient;
  readonly session: TaskSession;
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
  if (order.kind === "forget-namespace") return forget(order, outputs.catchUp.tasksTable);
  const client = await CatchUpClient.of(outputs.catchUp);
  const suffix = name === undefined ? "" : ` --stack ${name}`;
  const session = new TaskSession({
    screen,
    client,
    outputs: outputs.catchUp,
    commands: {
      follow: (taskId) => `npm run catchup -- --follow ${taskId}${suffix}`,
      cancel: (taskId) => `npm run catchup -- --cancel ${taskId}${suffix}`,
      retry: (taskId) => `npm run catchup -- --retry ${taskId}${suffix}`,
      failed: (taskId) => `npm run catchup -- --failed ${taskId} --csv failed.csv${suffix}`,
    },
  });
  const stack: Stack = { client, session };
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
  await session.toTheEnd(await taskOf(order, stack));
}

async function forget(
  { namespace, isConfirmed }: Extract<Order, { kind: "forget-namespace" }>,
  tasksTable: string,
): Promise<void> {
  if (!isConfirmed) await confirm(`Namespace ${namespace} must be empty, and no task may write to it.`);
  const forgotten = await forgetNamespace(namespace, tasksClient(), tasksTable);
  const models = [...new Set(forgotten.map(({ model }) => model))].join(", ");
  screen.print(
    forgotten.length === 0
      ? `No model is recorded for namespace ${namespace}.`
      : `Namespace ${namespace} is no longer for ${models}.`,
  );
}

async function taskOf(
  order: Extract<Order, { kind: "start" | "follow" | "retry" | "cancel" }>,
  { client, session }: Stack,
): Promise<string> {
  if (order.kind === "retry") return client.retryFailed(order.taskId);
  return order.kind === "start" ? session.start(order) : order.taskId;
}

/** Prints every failed record, or writes them with their rows to a CSV file. */
async function listFailed(
  { taskId, csv }: Extract<Order, { kind: "failed" }>,
  { client, session: { work } }: Stack,
): Promise<void> {
  const { failed_records_key: prefix } = await client.status(taskId);
  if (prefix === null) return screen.print(`No record of ${taskId} failed.`);
  if (csv !== undefined) {
    const count = await writeFailedCsv(csv, () => failedRecordsIn(prefix, work));
    return screen.print(`${whole(count)} failed records are in ${csv}.`);
  }
  const { counts } = await readFailedRecords(prefix, work, 0);
  screen.print(...reasonLines(counts), "");
  for await (const record of failedRecordsIn(prefix, work)) screen.print(failedLine(record));
}

runCommand(main);
