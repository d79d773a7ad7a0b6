// The bulk worker processes chunks by the same schema.
export { chunkConfig } from "../../core/catchup/host/chunk-config.ts";
