/** A word or phrase that this repository does not use, and what stands in its place. */
export interface OldWord {
  /** Matched without regard to case, unless `caseSensitive`. */
  readonly pattern: RegExp;
  readonly use: string;
  /** Paths in which the word has its ordinary meaning. */
  readonly except?: RegExp;
}

/** The glossary (docs/glossary.md) has the terms; these are what they replace. */
export const oldWords: readonly OldWord[] = [
  { pattern: /\b(comes?|came|coming) (again|back)\b/i, use: "redelivered, retried, returns to the queue" },
  { pattern: /\b(told|tell|tells|telling) (again|apart)\b/i, use: "redelivered; partitioned, distinguished" },
  { pattern: /\banew\b/i, use: "again, rebuild, republish, reprocess" },
  { pattern: /\bretell\w*/i, use: "replay" },
  { pattern: /\bculprits?\b/i, use: "poison message" },
  { pattern: /\beverybody'?s\b/i, use: "a shared (transient) error" },
  { pattern: /\bhand(s|ed|ing)? back\b/i, use: "return to the queue" },
  { pattern: /\bpatient(ly)?\b/i, use: "with retries" },
  { pattern: /\b(pass(es)?|passed) by (itself|themselves)\b/i, use: "transient" },
  { pattern: /\btwice is harmless\b/i, use: "idempotent" },
  { pattern: /\bunless ?refused\b/i, use: "unless its condition failed" },
  { pattern: /\bhead ?moved\b/i, use: "publish conflict" },
  { pattern: /\banother'?s by now\b/i, use: "fenced, taken over" },
  { pattern: /\b(damaged?|damages|damaging)\b/i, use: "corrupt" },
  { pattern: /\bunfit\w*/i, use: "mismatched" },
  { pattern: /\bbrought\b/i, use: "existing" },
  { pattern: /\bon (its|their) way\b/i, use: "in flight" },
  { pattern: /\bshows? otherwise\b/i, use: "stale" },
  { pattern: /\bwhat (is|was) due\b/i, use: "what is expected, current" },
  { pattern: /\bhow manieth\b/i, use: "position, ordinal" },
  { pattern: /\bwhoever\b/i, use: "the one who, any caller" },
  { pattern: /\bso many\b/i, use: "that many, a number" },
  { pattern: /\b(is|are) none that\b/i, use: "is not one that, is not a valid" },
  { pattern: /\bmost[A-Z]\w*/, use: "max*" },
  { pattern: /\b(longest|slowest|largest)[A-Z]\w*/, use: "max*" },
  { pattern: /\w(ARequest|ACall|APage|ABatch|AMinute|ASecond|ALease|AVector)\b/, use: "*Per*" },
  { pattern: /\byes or no\b/i, use: "boolean" },
  { pattern: /\bQueueWithDeadLetters\b(?!")/, use: "QueueWithDlq" },
];
