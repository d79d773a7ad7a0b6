import type { bulkApi } from "../../../core/bulk/api/bulk-api.ts";
import { HealthCheck } from "../../../core/bulk/api/check-health.ts";
import { Monitoring } from "../../../core/bulk/api/monitoring.ts";
import { silentLog } from "../../../core/log.ts";
import { healthDeps } from "../../unit/bulk/health-deps.ts";
import type { TaskTables } from "../../unit/catchup/task-tables.ts";

export const apiKey = "the-key-of-this-test-0123456789";

type BulkApiDeps = Parameters<typeof bulkApi>[0];

/** What the bulk API works with over these tables. Nothing processes its tasks. */
export function apiDeps(tables: TaskTables, changed: Partial<BulkApiDeps> = {}): BulkApiDeps {
  return {
    tasks: tables.tasks,
    claims: tables.claims,
    chunkCounts: tables.chunkCounts,
    preflight: async () => [],
    kind: "workers",
    start: async () => undefined,
    stop: async () => undefined,
    isWorkedOn: async () => true,
    taskDays: 7,
    usdPerMillionTokens: () => 0.02,
    defaults: { questionId: "12", namespace: "v2", batchSize: 100, model: "small" },
    apiKey: async () => apiKey,
    health: new HealthCheck(healthDeps()),
    monitoring: new Monitoring({ ...healthDeps(), tasks: tables.tasks, now: Date.now }),
    version: "1",
    now: Date.now,
    log: silentLog,
    ...changed,
  };
}
