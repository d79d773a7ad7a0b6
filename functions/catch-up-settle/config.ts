// The bulk worker settles tasks by the same schema.
export { settleConfig } from "../../core/catchup/host/settle-config.ts";
