// The ECS worker reads the same schema (containers/compaction-worker/config.ts).
export { type CompactionConfig, compactionConfig } from "../../core/collections/host/collections-config.ts";
