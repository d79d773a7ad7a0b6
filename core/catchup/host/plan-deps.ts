import { readSecret } from "../../settings/secret.ts";
import type { PlanDeps } from "../sources/make-plan.ts";
import type { PlanConfig } from "./plan-config.ts";

/** Maximum size of a chunk, so that it takes only a small part of a process's memory. */
const bytesPerChunk = 8 * 1024 * 1024;

/** The dependencies of planning besides the stores. Calls of Metabase must end by `giveUpAt` (epoch milliseconds). */
export async function planDeps(
  config: PlanConfig,
  giveUpAt: number,
): Promise<Pick<PlanDeps, "limits" | "metabase">> {
  return {
    limits: { rows: config.ROWS_PER_CHUNK, bytes: bytesPerChunk },
    metabase: await metabaseOf(config, giveUpAt),
  };
}

async function metabaseOf(config: PlanConfig, giveUpAt: number): Promise<PlanDeps["metabase"]> {
  const { METABASE_URL: url, METABASE_API_KEY_SECRET: secret, METABASE_ROW_CAP: rowCap } = config;
  if (url === undefined || secret === undefined) return undefined;
  const apiKey = await readSecret(secret, "catchup:metabaseApiKey");
  return { url: url.replace(/\/+$/, ""), apiKey, rowCap, giveUpAt };
}
