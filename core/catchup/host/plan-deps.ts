import { readSecret } from "../../settings/secret.ts";
import type { PlanDeps } from "../sources/make-plan.ts";
import type { PlanConfig } from "./plan-config.ts";

/** Maximum size of a chunk, so that it takes a small part of a process's memory. */
const bytesPerChunk = 8 * 1024 * 1024;

/** What planning takes beside the stores; it has to be done with Metabase at `giveUpAt` (epoch ms). */
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
