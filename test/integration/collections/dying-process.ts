import type { SQSClient } from "@aws-sdk/client-sqs";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { CycleDeps, Step } from "../../../core/collections/cycle/cycle-deps.ts";
import { CollectionQueue } from "../../../core/collections/messages/collection-queue.ts";
import { silentLog } from "../../../core/log.ts";
import { DynamoRunStore } from "../../../core/runs/dynamo-run-store.ts";
import type { CompactionRig, RigConfig } from "../../unit/collections/compaction-rig.ts";

/** The parts of a process whose calls fail from the step on, those that would tidy up included. */
export async function dyingProcess(rig: CompactionRig, at: Step, config: RigConfig = {}): Promise<CycleDeps> {
  let dead = false;
  const parts = await rig.process(config, (step) => {
    if (step !== at) return;
    dead = true;
    throw new Error(`killed at ${at}`);
  });
  const mortal = <T extends { send(command: never): Promise<unknown> }>(client: T): T =>
    ({
      send: (command: never) => (dead ? Promise.reject(new Error("dead")) : client.send(command)),
    }) as unknown as T;
  const client = mortal<DynamoDBDocumentClient>(rig.tables.client);
  const { receiptsTable, controlTable } = rig.tables;
  return {
    ...parts,
    control: { ...parts.control, client },
    runs: new DynamoRunStore({ client, sourceTable: receiptsTable, controlTable }),
    queue: new CollectionQueue(mortal<SQSClient>(rig.sqs.client), rig.queues, silentLog),
  };
}
