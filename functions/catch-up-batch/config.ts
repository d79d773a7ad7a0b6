export { batchConfig } from "../../core/catchup/host/batch-config.ts";
