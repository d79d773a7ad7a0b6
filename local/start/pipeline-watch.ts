import { GetQueueAttributesCommand, type QueueAttributeName, type SQSClient } from "@aws-sdk/client-sqs";
import { type DynamoDBDocumentClient, paginateScan } from "@aws-sdk/lib-dynamodb";
import type { StackOutputs } from "../../cli/target.ts";
import type { Collection } from "../../core/receipts/receipt.ts";
import type { CompactionRun } from "../../core/runs/compaction-run.ts";
import { readRun } from "../../core/runs/run-item.ts";
import type { CollectionProgress, Observation, QueueDepth } from "./observation.ts";

interface WatchedQueue {
  readonly name: string;
  readonly url: string;
  readonly deadLetters: boolean;
}

/** Looks at a pipeline from outside, through the same API calls that an operator has. */
export class PipelineWatch {
  readonly #sqs: SQSClient;
  readonly #dynamo: DynamoDBDocumentClient;
  readonly #receiptsTable: string;
  readonly #queues: readonly WatchedQueue[];

  constructor(sqs: SQSClient, dynamo: DynamoDBDocumentClient, outputs: StackOutputs) {
    this.#sqs = sqs;
    this.#dynamo = dynamo;
    this.#receiptsTable = outputs.receiptsTable;
    this.#queues = watchedQueues(outputs);
  }

  async look(): Promise<Observation> {
    const [runs, queues] = await Promise.all([
      this.#runs(),
      Promise.all(this.#queues.map((queue) => this.#depth(queue))),
    ]);
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
        TableName: this.#receiptsTable,
        FilterExpression: "#type = :run",
        ExpressionAttributeNames: { "#type": "TYPE" },
        ExpressionAttributeValues: { ":run": "COMPACTION_RUN" },
      },
    );
    const runs: CompactionRun[] = [];
    for await (const { Items = [] } of pages) runs.push(...Items.map((item) => readRun(item)));
    return runs;
  }

  async #depth({ name, url, deadLetters }: WatchedQueue): Promise<QueueDepth> {
    const { Attributes = {} } = await this.#sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }),
    );
    const count = (attribute: QueueAttributeName) => Number(Attributes[attribute] ?? 0);
    return {
      name,
      deadLetters,
      waiting: count("ApproximateNumberOfMessages") + count("ApproximateNumberOfMessagesDelayed"),
      inFlight: count("ApproximateNumberOfMessagesNotVisible"),
    };
  }
}

function watchedQueues(outputs: StackOutputs): readonly WatchedQueue[] {
  return [
    { name: "embed", url: outputs.embedQueueUrl, deadLetters: false },
    { name: "lines", url: outputs.linesQueueUrl, deadLetters: false },
    { name: "words", url: outputs.wordsQueueUrl, deadLetters: false },
    { name: "embed-dlq", url: outputs.embedDeadLetterQueueUrl, deadLetters: true },
    { name: "lines-dlq", url: outputs.linesDeadLetterQueueUrl, deadLetters: true },
    { name: "words-dlq", url: outputs.wordsDeadLetterQueueUrl, deadLetters: true },
    { name: "stream-rejected", url: outputs.streamRejectedQueueUrl, deadLetters: true },
  ];
}

function progressOf(collection: Collection, runs: readonly CompactionRun[]): CollectionProgress {
  const completed = runs.filter((run) => run.halves[collection].state === "COMPLETED");
  return {
    completed: completed.length,
    failed: runs.filter((run) => run.halves[collection].state === "FAILED").length,
    vectors: completed.reduce((total, run) => total + (run.halves[collection].mergedVectors ?? 0), 0),
  };
}
