import type { Collection } from "../../contract/collections.ts";
import { enqueue, type OcrFiles, uploadOcrFiles } from "../../core/ingest/export-receipt.ts";
import type { EmbedMessage } from "../../core/receipts/embed-message.ts";
import { parseLines, parseWords } from "../../core/receipts/parse-rows.ts";
import { type PlannedVector, planLines, planWords } from "../../core/receipts/planned-vectors.ts";
import type { ReceiptRef } from "../../core/receipts/receipt.ts";
import { eventually } from "./eventually.ts";
import { currentStates } from "./published.ts";
import type { RunningStack } from "./running-stack.ts";

/** Uploads a receipt's rows and sends its message, as a producer does. */
export async function send(stack: RunningStack, ...receipts: readonly OcrFiles[]): Promise<EmbedMessage[]> {
  const { artifactsBucket, embedQueueUrl } = stack.outputs;
  const messages = await Promise.all(
    receipts.map((files) => uploadOcrFiles(stack.s3, artifactsBucket, files)),
  );
  await enqueue(stack.sqs, embedQueueUrl, messages);
  return messages;
}

/** Waits until the receipt's current run is another than the given one and COMPLETED in both collections. */
export async function completed(stack: RunningStack, receipt: ReceiptRef, notRun?: string): Promise<string> {
  const finished = eventually(200, async () => {
    const { runId, lines, words } = await currentStates(stack, receipt);
    expect([lines, words]).toEqual(["COMPLETED", "COMPLETED"]);
    expect(runId).not.toBe(notRun);
    return runId ?? "";
  });
  return finished.catch(async (cause: Error) => {
    const said = await Promise.all(
      Object.values(stack.outputs.logGroups).map((group) => stack.logged(group ?? "", "?ERROR ?WARN ?Error")),
    );
    throw new Error(
      `${cause.message}\nThe functions said:\n${said.flat().slice(-5).join("\n").slice(0, 4_000)}`,
      { cause },
    );
  });
}

/** What the rules make of the rows: the vectors that have to be published. */
export function planned(files: OcrFiles): Readonly<Record<Collection, readonly PlannedVector[]>> {
  const { rows: words } = parseWords(files.words, files);
  return {
    lines: planLines(parseLines(files.lines, files).rows, words),
    words: planWords(words),
  };
}
