import { parentPort } from "node:worker_threads";
import { SentenceModel } from "./sentence-model.ts";

/** A worker thread of ModelPool: one slice of texts in, their vectors out. The model loads with the first slice. */
let loading: Promise<SentenceModel> | undefined;

parentPort?.on("message", async (texts: string[]) => {
  try {
    loading ??= SentenceModel.load();
    const embedded = await (await loading).embed(texts);
    parentPort?.postMessage(embedded, [embedded.vectors.buffer]);
  } catch (error) {
    parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
});
