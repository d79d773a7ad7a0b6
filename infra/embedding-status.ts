import type { EmbeddingStatusWriter } from "./components/embedding-status-writer.ts";
import type { EmbeddingStatusOutputs } from "./outputs.ts";

export function embeddingStatusOutputs({
  queue,
  deadLetters,
  writer,
}: EmbeddingStatusWriter): EmbeddingStatusOutputs {
  return { queueUrl: queue.url, deadLetterQueueUrl: deadLetters.url, logGroup: writer.logGroup.name };
}
