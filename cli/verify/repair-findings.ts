import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import { enqueue } from "../../core/ingest/export-receipt.ts";
import { embedMessageOf } from "../../core/ingest/exported-rows.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { RunQueues } from "../../core/runs/run-queues.ts";
import type { RunRef } from "../../core/runs/run-store.ts";
import type { Progress } from "../../core/verify/paced.ts";
import { repair } from "../../core/verify/repair.ts";
import type { Finding } from "../../core/verify/report.ts";
import type { Screen } from "../screen.ts";
import { runQueuesOf, type StackOutputs } from "../target.ts";
import { type Looked, reportsOf } from "./looked.ts";

/** Repairs with the caller's permissions, and shows the progress. */
export async function repairFindings(
  outputs: StackOutputs,
  looked: readonly Looked[],
  findings: readonly Finding[],
  screen: Screen,
): Promise<void> {
  const { receiptsTable, controlTable, artifactsBucket, deltasBucket } = outputs;
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const sqs = new SQSClient({});
  const s3 = new S3Client({});
  const [{ model, dimensions } = { model: "", dimensions: 0 }] = reportsOf(looked);
  const { redriven, embeddedAgain, unfinished, failedAgain } = await repair(
    {
      runs: new DynamoRunStore({ client, sourceTable: receiptsTable, controlTable }),
      queues: RunQueues.of(runQueuesOf(outputs), sqs),
      deltas: new S3DeltaStore(s3, deltasBucket),
      embedAgain: async (run: RunRef, revision: number) => {
        const message = await embedMessageOf(s3, artifactsBucket, run, revision, { model, dimensions });
        if (message === undefined) return false;
        await enqueue(sqs, outputs.embedQueueUrl, [message]);
        return true;
      },
      time: new Date().toISOString(),
      clock: monotonicClock,
      onProgress: (progress) => tell(screen, progress),
    },
    findings,
  );
  screen.print(
    `${redriven} receipts were republished, ${embeddedAgain} of them embedded again; ${failedAgain} failed again, ${unfinished} are not finished.`,
    ...(failedAgain > 0 ? ["`npm run failed` has the reasons."] : []),
  );
}

function tell(screen: Screen, { done, underWay, left }: Progress): void {
  const line = `Repairing: ${done} receipts done, ${underWay} in progress, ${left} to do`;
  screen.status([line], line);
}
