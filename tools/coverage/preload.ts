/** First in every process that a test under coverage starts (`node --import`). */
import { isMainThread } from "node:worker_threads";
import { keepLastCounts, writeBeforeDeath } from "./last-counts.ts";

if (isMainThread) {
  keepLastCounts(import.meta.filename);
  // A program that is given as text has no source of ours. Chroma's server is one: it never returns to handle a signal.
  if (!process.execArgv.includes("--eval")) writeBeforeDeath();
}
