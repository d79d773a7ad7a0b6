/** A word or phrase that this repository does not use, and what stands in its place. */
export interface OldWord {
  readonly pattern: RegExp;
  readonly use: string;
  /** A sentence or name with the word. */
  readonly example: string;
  /** Paths in which the word has its ordinary meaning. */
  readonly except?: RegExp;
}

/** The glossary (docs/glossary.md) has the terms; these are what they replace. */
export const oldWords: readonly OldWord[] = [
  {
    pattern: /\b(comes?|came|coming) (again|back)\b/i,
    use: "redelivered, retried, returns to the queue",
    example: "The message comes back later.",
    // Printed on receipts: "please come again".
    except: /^test\/flows\/scanned-receipts/,
  },
  {
    pattern: /\b(told|tell|tells|telling) (again|apart)\b/i,
    use: "redelivered; partitioned, distinguished",
    example: "It is told apart from the others.",
  },
  { pattern: /\banew\b/i, use: "again, rebuild, republish, reprocess", example: "It is made anew." },
  { pattern: /\bretell\w*/i, use: "replay", example: "Retells a letter." },
  { pattern: /\bculprits?\b/i, use: "poison message", example: "It finds the culprit." },
  {
    pattern: /\beverybody'?s\b/i,
    use: "a shared (transient) error",
    example: "A failure that is everybody's.",
  },
  {
    pattern: /\bhand(s|ed|ing)? back\b/i,
    use: "return to the queue",
    example: "It hands back its messages.",
  },
  { pattern: /\bpatient(ly)?\b/i, use: "with retries", example: "A patient fetch." },
  {
    pattern: /\b(pass(es)?|passed) by (itself|themselves)\b/i,
    use: "transient",
    example: "An outage passes by itself.",
  },
  { pattern: /\btwice is harmless\b/i, use: "idempotent", example: "Doing it twice is harmless." },
  { pattern: /\bunless ?refused\b/i, use: "unless its condition failed", example: "unlessRefused(write)" },
  { pattern: /\bhead ?moved\b/i, use: "publish conflict", example: "throw new HeadMoved();" },
  { pattern: /\banother'?s by now\b/i, use: "fenced, taken over", example: "The lease is another's by now." },
  { pattern: /\b(damaged?|damages|damaging)\b/i, use: "corrupt", example: "A damaged file." },
  { pattern: /\bunfit\w*/i, use: "mismatched", example: "A table that is unfit." },
  { pattern: /\bbrought\b/i, use: "existing", example: "A brought table." },
  { pattern: /\bon (its|their) way\b/i, use: "in flight", example: "What is on its way." },
  { pattern: /\bshows? otherwise\b/i, use: "stale", example: "It shows otherwise." },
  {
    pattern: /\bwhat (is|was) due\b/i,
    use: "what is expected, current",
    example: "It compares what is due.",
  },
  { pattern: /\bhow manieth\b/i, use: "position, ordinal", example: "The how manieth time." },
  { pattern: /\bwhoever\b/i, use: "the one who, any caller", example: "Whoever asks." },
  { pattern: /\bso many\b/i, use: "that many, a number", example: "So many at once." },
  {
    pattern: /\b(is|are) none that\b/i,
    use: "is not one that, is not a valid",
    example: "The cursor is none that a page gave.",
  },
  { pattern: /\bmost[A-Z]\w*/, use: "max*", example: "mostBytes" },
  { pattern: /\b(longest|slowest|largest)[A-Z]\w*/, use: "max*", example: "longestPauseMs" },
  {
    pattern: /\w(ARequest|ACall|APage|ABatch|AMinute|ASecond|ALease|AVector)\b/,
    use: "*Per*",
    example: "idsARequest",
  },
  { pattern: /\byes or no\b/i, use: "boolean", example: "The type is yes or no." },
  {
    pattern: /\bQueueWithDeadLetters\b(?!")/,
    use: "QueueWithDlq",
    example: "new QueueWithDeadLetters(name)",
  },
  { pattern: /\bunless (it is )?told\b/i, use: "by default", example: "All of them unless told." },
  { pattern: /\bin silence\b/i, use: "silently", example: "It is changed in silence." },
  {
    pattern: /\b(drives?|driven|drove|driving) (it |them )?again\b/i,
    use: "redrive",
    example: "The run is driven again.",
  },
  { pattern: /\bmid-work\b/i, use: "while it runs", example: "It is killed in mid-work." },
  { pattern: /\bnobody's\b/i, use: "a shared error, of no item", example: "A failure that is nobody's." },
  { pattern: /\bin slices\b/i, use: "in batches, in chunks", example: "Sent in slices of 100." },
  { pattern: /\bcounts? no more\b/i, use: "superseded", example: "A run that counts no more." },
  {
    pattern: /\b(cannot|could not) be told\b/i,
    use: "cannot be read, cannot be determined",
    example: "The rest could not be told.",
  },
  {
    pattern: /\bmend(s|ing)?\b|\b(is|are|was|were|be|been|get|gets) mended\b/i,
    use: "fix, repair",
    example: "The cause is mended.",
  },
  { pattern: /\bwhat (be)?came of\b/i, use: "the outcome of", example: "It says what became of them." },
  { pattern: /\b(told|tells|telling) of\b/i, use: "reports", example: "The log tells of it." },
];

/** The old words in a line of a file. */
export function oldWordsIn(line: string, file: string): readonly { found: string; use: string }[] {
  return oldWords.flatMap(({ pattern, use, except }) => {
    const match = except?.test(file) ? null : pattern.exec(line);
    return match === null ? [] : [{ found: match[0], use }];
  });
}
