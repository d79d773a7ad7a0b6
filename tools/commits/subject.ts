const types = ["feat", "fix", "refactor", "test", "docs", "chore", "perf", "build", "ci", "style", "revert"];
const form = new RegExp(`^(?:${types.join("|")})(?:\\([a-z0-9-]+\\))?!?: (?<text>.+)$`);
const maxLength = 72;

/** Why a subject is refused; undefined for one that follows Conventional Commits. */
export function problemOfSubject(subject: string): string | undefined {
  // Made by `git commit --fixup`, and gone before a merge.
  if (/^(fixup|squash)! /.test(subject)) return "squash it before it is merged";
  const text = form.exec(subject)?.groups?.text;
  if (text === undefined) return `it has the form type(scope): text, with a type of ${types.join(", ")}`;
  if (/^wip\b/i.test(text)) return "it says what is done, not that it is unfinished";
  if (text.endsWith(".")) return "it ends without a full stop";
  if (/^[A-Z][a-z]/.test(text)) return "its text begins in lower case";
  if (subject.length > maxLength) return `it has ${subject.length} characters, and the limit is ${maxLength}`;
  return undefined;
}
