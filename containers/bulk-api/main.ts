import { bulkApiConfig } from "../../core/bulk/host/api-config.ts";
import { runBulkApi } from "../../core/bulk/host/run-api.ts";
import { defineService } from "../../core/process/define-service.ts";

defineService({ name: "bulk-api", config: bulkApiConfig, run: runBulkApi });
