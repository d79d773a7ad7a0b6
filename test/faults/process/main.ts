/**
 * The compaction function once more, from the same core, with a way to harm itself: the child of CycleProcess, which
 * invokes it over IPC. Ends with its parent.
 */
import { Logger } from "@aws-lambda-powertools/logger";
import type { SQSEvent } from "aws-lambda";
import type { ShardName } from "../../../contract/collections.ts";
import { runCycle } from "../../../core/collections/cycle/cycle.ts";
import { answerFoldRequest } from "../../../core/collections/fold/answer-fold-request.ts";
import type { FoldDeps } from "../../../core/collections/fold/fold-deps.ts";
import { compactionConfig } from "../../../core/collections/host/collections-config.ts";
import { compactionClients } from "../../../core/collections/host/compaction-deps.ts";
import { foldDeps, foldQueue } from "../../../core/collections/host/fold-deps.ts";
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
const warm = new Map<ShardName, FoldDeps>();
const machine = { clients, library, scratch, clock: monotonicClock, log, metrics };
const sources = shardQueues(settings);

function depsOf(shard: ShardName): FoldDeps {
  const source = sources.find((one) => one.shard === shard);
  if (source === undefined) throw new RangeError(`${shard} is a shard of the stack.`);
  const deps = warm.get(shard) ?? selfHarm.around(foldDeps(source, settings, machine));
  warm.set(shard, deps);
  return deps;
}

/** The very steps of the real handlers: of the fold where the message is from its queue. */
async function handle(event: SQSEvent, milliseconds: number): Promise<string[]> {
  const deadline = monotonicClock.now() + milliseconds;
  try {
    if (isFold(event)) return await fold(event, deadline);
    const { workspace: _, ...deps } = depsOf(sourceOf(event, sources).shard);
    const { returned } = await runCycle(deps, event.Records.map(queuedMessage), deadline);
    return returned.map(({ messageId }) => messageId);
  } finally {
    metrics.write();
  }
}

async function fold(event: SQSEvent, deadline: number): Promise<string[]> {
  const shards = sources.map(({ shard }) => shard);
  const deps = { shards, depsOf, queue: foldQueue(settings, machine) };
  const returned: string[] = [];
  for (const record of event.Records) {
    if (!(await answerFoldRequest(deps, queuedMessage(record), deadline))) returned.push(record.messageId);
  }
  return returned;
}

function isFold({ Records }: SQSEvent): boolean {
  return Records[0]?.eventSourceARN.split(":").at(-1) === settings.FOLD_QUEUE_URL.split("/").at(-1);
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
