import { parentPort } from "node:worker_threads";
import { SentenceModel } from "./sentence-model.ts";

/** A worker thread of ModelPool: one slice of texts in, their vectors out. The model loads with the first slice that it can load for. */
let loading: Promise<SentenceModel> | undefined;

function model(): Promise<SentenceModel> {
  loading ??= SentenceModel.load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

parentPort?.on("message", async (texts: string[]) => {
  try {
    const embedded = await (await model()).embed(texts);
    parentPort?.postMessage(embedded, [embedded.vectors.buffer]);
  } catch (error) {
    parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
});
