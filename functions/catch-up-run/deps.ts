import { SFNClient } from "@aws-sdk/client-sfn";
import { chunkDeps, type ForInvocation } from "../../core/catchup/host/chunk-deps.ts";
import { Executions } from "../../core/catchup/work/executions.ts";
import type { RunTaskDeps } from "../../core/catchup/work/run-task.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { readSecret } from "../../core/settings/secret.ts";
import type { RunConfig } from "./config.ts";

/** Maximum size of a chunk, so that it takes a small part of a function's memory. */
const bytesPerChunk = 8 * 1024 * 1024;

/** The dependencies of planning a task and of processing a small one. */
export function runDeps(config: RunConfig, telemetry: Telemetry): ForInvocation<RunTaskDeps> {
  const chunkDepsFor = chunkDeps(config, telemetry);
  const dispatcher = new Executions(new SFNClient({}), config.STATE_MACHINE_ARN);
  return async (giveUpAt) => ({
    ...(await chunkDepsFor(giveUpAt)),
    dispatcher,
    rowsPerFunction: config.ROWS_PER_FUNCTION,
    limits: { rows: config.ROWS_PER_CHUNK, bytes: bytesPerChunk },
    metabase: await metabaseOf(config, giveUpAt),
  });
}

async function metabaseOf(config: RunConfig, giveUpAt: number): Promise<RunTaskDeps["metabase"]> {
  const { METABASE_URL: url, METABASE_API_KEY_SECRET: secret, METABASE_ROW_CAP: rowCap } = config;
  if (url === undefined || secret === undefined) return undefined;
  const apiKey = await readSecret(secret, "catchup:metabaseApiKey");
  return { url: url.replace(/\/+$/, ""), apiKey, rowCap, giveUpAt };
}
