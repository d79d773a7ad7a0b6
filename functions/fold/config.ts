// Folds and cycles share one schema.
export { type CompactionConfig, compactionConfig } from "../../core/collections/host/collections-config.ts";
