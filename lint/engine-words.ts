/** The engine's folders: they speak of documents through core/documents, and of no kind of document. */
const engine = /^core\/(collections|deltas|failed|findable|runs|search|sweep|verify)\//;

const storedField = "a stored field";
const answerField = "a field of an answer that callers read";
const metric = "the name of a metric";
const variable = "a variable of the environment";
const handle = "a receipt handle of SQS";
const operator = "reads messages as operators do";

/** Files that may name a kind of document, each with what it names so. */
export const excepted: Readonly<Record<string, string>> = {
  "core/collections/generations/generations-request.ts": answerField,
  "core/collections/generations/list-generations.ts": answerField,
  "core/collections/generations/manifest.ts": storedField,

  "core/collections/host/compaction-deps.ts": variable,
  "core/collections/host/collections-config.ts": variable,
  "core/collections/messages/collection-queue.ts": handle,
  "core/collections/messages/fold-request.ts": storedField,
  "core/collections/messages/queued-message.ts": handle,
  "core/collections/rebuild/rebuild-record.ts": storedField,
  "core/collections/rebuild/rebuild.ts": metric,
  "core/failed/embed-dead-letters.ts": operator,
  "core/failed/subjects.ts": operator,
  "core/failed/through-queue.ts": handle,
  "core/verify/count-report.ts": metric,
  "core/verify/report.ts": answerField,
};

const kindOfDocument = /receipt|merchant|\blabels?\b|\b(?:line|word)_id\b|#(?:LINE|WORD)\b/i;

/** A word in a line of the engine that belongs to one kind of document; undefined if there is none. */
export function engineWordIn(line: string, file: string): string | undefined {
  if (!engine.test(file) || Object.hasOwn(excepted, file)) return undefined;
  return kindOfDocument.exec(line)?.[0];
}

/** Whether a text has such a word anywhere: an exception without one is needed no longer. */
export function namesKindOfDocument(text: string): boolean {
  return kindOfDocument.test(text);
}
