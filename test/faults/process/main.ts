/**
 * The compaction function once more, from the same core, with a way to harm itself: the child of CycleProcess, which
 * invokes it over IPC. Ends with its parent.
 */
import { Logger } from "@aws-lambda-powertools/logger";
import type { SQSEvent } from "aws-lambda";
import type { ShardName } from "../../../contract/collections.ts";
import { runCycle } from "../../../core/collections/cycle/cycle.ts";
import type { CycleDeps } from "../../../core/collections/cycle/cycle-deps.ts";
import { compactionConfig } from "../../../core/collections/host/compaction-config.ts";
import { compactionClients, cycleDeps } from "../../../core/collections/host/compaction-deps.ts";
import { queuedMessage } from "../../../core/collections/messages/queued-message.ts";
import { shardQueues } from "../../../core/collections/messages/shard-queues.ts";
import { loggedMetrics } from "../../../core/metrics.ts";
import { monotonicClock } from "../../../core/resilience/clock.ts";
import { readEnvironment } from "../../../core/settings/environment.ts";
import { sourceOf } from "../../../functions/compaction/event.ts";
import type { Answer, Harm, Invocation } from "./harm.ts";
import { SelfHarm } from "./self-harm.ts";

const [library = "", scratch = "", harms = "[]", slowMs = "0"] = process.argv.slice(2);
const selfHarm = new SelfHarm(JSON.parse(harms) as Harm[], Number(slowMs));
selfHarm.watchFiles();

const settings = readEnvironment(compactionConfig);
const clients = compactionClients();
const log = new Logger({ serviceName: "compaction" });
const metrics = loggedMetrics("compaction");
const warm = new Map<ShardName, CycleDeps>();

/** The very steps of the real handler. */
async function handle(event: SQSEvent, milliseconds: number): Promise<string[]> {
  const deadline = monotonicClock.now() + milliseconds;
  const source = sourceOf(event, shardQueues(settings));
  const parts =
    warm.get(source.shard) ??
    selfHarm.around(
      cycleDeps(source, settings, { clients, library, scratch, clock: monotonicClock, log, metrics }),
    );
  warm.set(source.shard, parts);
  const returned = await runCycle(parts, event.Records.map(queuedMessage), deadline).finally(() =>
    metrics.write(),
  );
  return returned.map(({ messageId }) => messageId);
}

process.on("message", ({ id, event, milliseconds }: Invocation) => {
  selfHarm.calls = [];
  const reply = (answer: Omit<Answer, "id" | "calls">) =>
    process.send?.({ id, ...answer, calls: selfHarm.calls });
  handle(event as SQSEvent, milliseconds).then(
    (failed) => reply({ failed }),
    (error: Error) => reply({ error: `${error.name}: ${error.message}` }),
  );
});
process.once("disconnect", () => process.exit(0));
process.send?.({ up: true });
