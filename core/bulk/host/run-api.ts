import type { AddressInfo } from "node:net";
import { pricesOf } from "../../catchup/host/models-config.ts";
import { requestDefaults } from "../../catchup/host/request-defaults.ts";
import { tasksClient } from "../../catchup/host/tasks-client.ts";
import { ChunkCounts } from "../../catchup/tasks/chunk-counts.ts";
import { Claims } from "../../catchup/tasks/claims.ts";
import { isOpen } from "../../catchup/tasks/task.ts";
import { TaskStore } from "../../catchup/tasks/task-store.ts";
import { errorFields } from "../../log.ts";
import { loggedMetrics } from "../../metrics.ts";
import type { ServiceFrame } from "../../process/define-service.ts";
import { systemClock } from "../../resilience/clock.ts";
import { readSecret } from "../../settings/secret.ts";
import { bulkApi } from "../api/bulk-api.ts";
import { HealthCheck } from "../api/check-health.ts";
import { Monitoring } from "../api/monitoring.ts";
import { openBroker } from "../broker/broker.ts";
import { type ChunkJob, queueNames, type TaskJob, taskJobId } from "../broker/jobs.ts";
import { WorkerJobs } from "../work/worker-jobs.ts";
import { Heartbeats } from "../workers/heartbeats.ts";
import { measureQueues } from "../workers/measure-queues.ts";
import type { BulkApiConfig } from "./api-config.ts";
import { repeatedly } from "./repeatedly.ts";

const version = "1";
const measureMs = 60_000;

/** Runs the process of the bulk API. */
export async function runBulkApi(config: BulkApiConfig, { log, onStop, exit }: ServiceFrame): Promise<void> {
  const onError = (error: Error) => log.warn("The broker cannot be reached", errorFields(error));
  const broker = await openBroker(await readSecret(config.BROKER_URL_SECRET, "bulk:redisUrl"), onError);
  const names = queueNames(config.BROKER_NAMESPACE);
  const queues = { tasks: broker.queue<TaskJob>(names.tasks), chunks: broker.queue<ChunkJob>(names.chunks) };
  const client = tasksClient();
  const tasks = new TaskStore(client, config.TASKS_TABLE);
  const jobs = new WorkerJobs({ queues, tasks });
  const heartbeats = new Heartbeats(client, config.TASKS_TABLE);
  const unlessAway = (done: Promise<void>) =>
    // A lost call is harmless: the workers' watch dispatches tasks without a job, and a cancelled task processes no
    // rows.
    done.catch((error: Error) => log.warn("The broker did not accept a job", errorFields(error)));
  const app = await bulkApi({
    tasks,
    chunkCounts: new ChunkCounts(client, config.TASKS_TABLE),
    claims: new Claims(client, config.TASKS_TABLE),
    // The workers run the preflight before they plan, because this process has no provider keys.
    preflight: async () => [],
    kind: "workers",
    start: (taskId) => unlessAway(jobs.enqueue(taskId)),
    stop: ({ task_id }) => unlessAway(jobs.stop(taskJobId(task_id))),
    // The watch guarantees a job for every open task.
    isWorkedOn: async ({ status }) => isOpen(status),
    taskDays: config.TASK_DAYS,
    usdPerMillionTokens: pricesOf(config),
    defaults: requestDefaults(config),
    apiKey: () => readSecret(config.BULK_API_KEY_SECRET, "bulk:apiKey"),
    monitoring: new Monitoring({ queues, heartbeats, tasks, now: Date.now }),
    health: new HealthCheck({
      broker,
      queues,
      tasks,
      heartbeats,
      version,
      clock: systemClock,
    }),
    board: config.BULK_BOARD ? Object.values(queues) : undefined,
    version,
    now: Date.now,
    log,
  });
  const metrics = loggedMetrics("bulk");
  const stopping = new AbortController();
  repeatedly(
    measureMs,
    stopping.signal,
    () =>
      measureQueues({ broker, queues, heartbeats, metrics, now: Date.now }).finally(() => metrics.write()),
    (error) => log.warn("The queues could not be measured", errorFields(error)),
  );
  await app.listen({ host: config.LISTEN_HOST, port: config.PORT });
  const { port } = app.server.address() as AddressInfo;
  log.info("Listening", { host: config.LISTEN_HOST, port });
  onStop(async () => {
    stopping.abort();
    await app.close();
    await exit(0);
  });
}
