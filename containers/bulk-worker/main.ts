import { runBulkWorker } from "../../core/bulk/host/run-worker.ts";
import { bulkWorkerConfig } from "../../core/bulk/host/worker-config.ts";
import { defineService } from "../../core/process/define-service.ts";

defineService({ name: "bulk-worker", config: bulkWorkerConfig, run: runBulkWorker });
