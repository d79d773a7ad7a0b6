/** First in every process that a test under coverage starts (`node --import`). */
import { isMainThread } from "node:worker_threads";
import { keepLastCounts, writeBeforeDeath } from "./last-counts.ts";

if (isMainThread) {
  keepLastCounts(import.meta.filename);
  writeBeforeDeath();
}
