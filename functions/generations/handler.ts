import { Logger } from "@aws-lambda-powertools/logger";
import type { Context } from "aws-lambda";
import {
  type ListAnswer,
  parseGenerationsRequest,
  type RestoreAnswer,
} from "../../core/collections/generations/generations-request.ts";
import { listGenerations } from "../../core/collections/generations/list-generations.ts";
import { restoreGeneration } from "../../core/collections/generations/restore-generation.ts";
import { readEnvironment } from "../../core/settings/environment.ts";
import { generationsEnvironment } from "./environment.ts";
import { restorePorts, shardsOf } from "./parts.ts";

/** Compaction may hold the lease through a whole cycle, and then through the next. */
const leasePatienceMs = 300_000;

const environment = readEnvironment(generationsEnvironment);
const log = new Logger({ serviceName: "generations" });
const portsOf = restorePorts(environment, log);

/** Lists the generations of a shard, or publishes an old one again, for the operator who invokes it. */
export async function handler(event: unknown, context: Context): Promise<ListAnswer | RestoreAnswer> {
  log.addContext(context);
  const request = parseGenerationsRequest(event, shardsOf(environment));
  const ports = portsOf(request.shard);
  if (request.operation === "list") return { generations: await listGenerations(ports) };
  const { head, content, receipts, silent } = await restoreGeneration(
    ports,
    request.generation,
    leasePatienceMs,
  );
  return {
    generation: head.generation,
    name: head.name,
    content,
    receipts: receipts.length,
    silent: [...silent],
  };
}
