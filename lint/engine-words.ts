/** The engine's folders: they speak of documents through core/documents, and of no kind of document. */
const engine = /^core\/(collections|verify|sweep|failed|deltas|runs)\//;

/** Files with names that stay: stored fields, answers of functions, metrics, variables, and SQS's receipt handles. */
const withStoredNames = [
  "core/collections/generations/generations-request.ts",
  "core/collections/generations/list-generations.ts",
  "core/collections/generations/manifest.ts",
  "core/collections/host/compaction-config.ts",
  "core/collections/host/compaction-deps.ts",
  "core/collections/messages/collection-queue.ts",
  "core/collections/messages/fold-request.ts",
  "core/collections/messages/queued-message.ts",
  "core/collections/rebuild/rebuild-record.ts",
  "core/collections/rebuild/rebuild.ts",
  "core/failed/embed-dead-letters.ts",
  "core/failed/through-queue.ts",
  "core/verify/count-report.ts",
  "core/verify/report.ts",
];

const kindOfDocument = /receipt|merchant/i;

/** A word in a line of the engine that belongs to one kind of document; undefined if there is none. */
export function engineWordIn(line: string, file: string): string | undefined {
  if (!engine.test(file) || withStoredNames.includes(file)) return undefined;
  return kindOfDocument.exec(line)?.[0];
}
