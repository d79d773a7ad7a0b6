import type { SQSClient } from "@aws-sdk/client-sqs";
import { type DynamoDBDocumentClient, paginateScan } from "@aws-sdk/lib-dynamodb";
import { queueDepths } from "../../cli/queue-depths.ts";
import type { StackOutputs } from "../../cli/target.ts";
import type { Collection } from "../../contract/collections.ts";
import type { CompactionRun } from "../../core/runs/compaction-run.ts";
import { readRun } from "../../core/runs/run-item.ts";
import type { CollectionProgress, Observation } from "./observation.ts";

/** Looks at a pipeline from outside, through the same API calls that an operator has. */
export class PipelineWatch {
  readonly #sqs: SQSClient;
  readonly #dynamo: DynamoDBDocumentClient;
  readonly #outputs: StackOutputs;

  constructor(sqs: SQSClient, dynamo: DynamoDBDocumentClient, outputs: StackOutputs) {
    this.#sqs = sqs;
    this.#dynamo = dynamo;
    this.#outputs = outputs;
  }

  async look(): Promise<Observation> {
    const [runs, queues] = await Promise.all([this.#runs(), queueDepths(this.#sqs, this.#outputs)]);
    return {
      embedded: runs.length,
      rejectedRows: runs.reduce((total, run) => total + run.rejectedRows, 0),
      collections: { lines: progressOf("lines", runs), words: progressOf("words", runs) },
      queues,
    };
  }

  async #runs(): Promise<CompactionRun[]> {
    const pages = paginateScan(
      { client: this.#dynamo },
      {
        TableName: this.#outputs.receiptsTable,
        FilterExpression: "#type = :run",
        ExpressionAttributeNames: { "#type": "TYPE" },
        ExpressionAttributeValues: { ":run": "COMPACTION_RUN" },
      },
    );
    const runs: CompactionRun[] = [];
    for await (const { Items = [] } of pages) runs.push(...Items.map((item) => readRun(item)));
    return runs;
  }
}

function progressOf(collection: Collection, runs: readonly CompactionRun[]): CollectionProgress {
  const completed = runs.filter((run) => run.halves[collection].state === "COMPLETED");
  return {
    completed: completed.length,
    failed: runs.filter((run) => run.halves[collection].state === "FAILED").length,
    vectors: completed.reduce((total, run) => total + (run.halves[collection].mergedVectors ?? 0), 0),
  };
}
