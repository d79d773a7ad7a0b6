import { BulkClient, type BulkHealth, BulkNotDeployedError, BulkUnreachableError } from "./bulk/client.ts";
import { monitoringLines } from "./bulk/monitoring-lines.ts";
import { type BulkOrder, readBulkOrder, usage } from "./bulk/order.ts";
import { whole } from "./catchup/progress.ts";
import { taskLines } from "./catchup/task-list.ts";
import { TaskSession } from "./catchup/task-session.ts";
import { runCommand } from "./command.ts";
import { Screen } from "./screen.ts";
import { resolveTarget } from "./target.ts";

const screen = new Screen(process.stdout);

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
  const client = await BulkClient.of(bulk);
  const session = new TaskSession({
    screen,
    client,
    outputs: catchUp,
    commands: {
      follow: (taskId) => `npm run bulk -- status ${taskId}${suffix}`,
      cancel: (taskId) => `npm run bulk -- cancel ${taskId}${suffix}`,
      retry: (taskId) => `npm run bulk -- retry ${taskId}${suffix}`,
    },
    follow: { isPassing: (error) => error instanceof BulkUnreachableError },
  });
  await carryOut(order, client, session);
}

async function carryOut(
  order: Exclude<BulkOrder, { kind: "help" }>,
  client: BulkClient,
  session: TaskSession,
): Promise<void> {
  switch (order.kind) {
    case "health":
      return showHealth(await client.health());
    case "monitor": {
      const report = await client.monitoring();
      screen.print(...monitoringLines(report));
      if (report.anomalies.length > 0) process.exitCode = 1;
      return;
    }
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
      return session.toTheEnd(order.taskId);
    case "retry":
      return session.toTheEnd(await client.retry(order.taskId, order.chunks));
    case "start":
      return session.toTheEnd(await session.start(order));
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

runCommand(main);
