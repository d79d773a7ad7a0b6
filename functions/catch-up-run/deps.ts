import { SFNClient } from "@aws-sdk/client-sfn";
import { chunkDeps, type ForInvocation } from "../../core/catchup/host/chunk-deps.ts";
import type { Telemetry } from "../../core/catchup/host/settle-deps.ts";
import { Executions } from "../../core/catchup/work/executions.ts";
import type { RunTaskDeps } from "../../core/catchup/work/run-task.ts";
import { readSecret } from "../../core/settings/secret.ts";
import type { RunEnvironment } from "./environment.ts";

/** Bytes that end a chunk before its rows are full: what a function holds of it stays a small part of its memory. */
const bytesPerChunk = 8 * 1024 * 1024;

/** What planning a task takes, and working on a small one. */
export function runDeps(environment: RunEnvironment, telemetry: Telemetry): ForInvocation<RunTaskDeps> {
  const chunkDepsFor = chunkDeps(environment, telemetry);
  const executions = new Executions(new SFNClient({}), environment.STATE_MACHINE_ARN);
  return async (giveUpAt) => ({
    ...(await chunkDepsFor(giveUpAt)),
    executions,
    rowsPerFunction: environment.ROWS_PER_FUNCTION,
    limits: { rows: environment.ROWS_PER_CHUNK, bytes: bytesPerChunk },
    metabase: await metabaseOf(environment, giveUpAt),
  });
}

async function metabaseOf(environment: RunEnvironment, giveUpAt: number): Promise<RunTaskDeps["metabase"]> {
  const { METABASE_URL: url, METABASE_API_KEY_SECRET: secret, METABASE_ROW_CAP: rowCap } = environment;
  if (url === undefined || secret === undefined) return undefined;
  const apiKey = await readSecret(secret, "catchup:metabaseApiKey");
  return { url: url.replace(/\/+$/, ""), apiKey, rowCap, giveUpAt };
}
