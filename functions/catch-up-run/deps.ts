import { SFNClient } from "@aws-sdk/client-sfn";
import { chunkDeps, type ForInvocation } from "../../core/catchup/host/chunk-deps.ts";
import { Executions } from "../../core/catchup/work/executions.ts";
import type { RunTaskDeps } from "../../core/catchup/work/run-task.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { readSecret } from "../../core/settings/secret.ts";
import type { RunConfig } from "./config.ts";

/** Bytes that end a chunk before its rows are full: what a function holds of it stays a small part of its memory. */
const bytesPerChunk = 8 * 1024 * 1024;

/** What planning a task takes, and working on a small one. */
export function runDeps(config: RunConfig, telemetry: Telemetry): ForInvocation<RunTaskDeps> {
  const chunkDepsFor = chunkDeps(config, telemetry);
  const executions = new Executions(new SFNClient({}), config.STATE_MACHINE_ARN);
  return async (giveUpAt) => ({
    ...(await chunkDepsFor(giveUpAt)),
    executions,
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
