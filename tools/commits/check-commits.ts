// Refuses commits whose subject does not follow Conventional Commits. `npm run check:commits -- BASE..HEAD`, or the path
// of a message file, as a commit-msg hook gets it: git config core.hooksPath tools/commits/hooks
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { problemOfSubject } from "./subject.ts";

const [given = "origin/main..HEAD"] = process.argv.slice(2);
const subjects = existsSync(given) ? [firstLine(readFileSync(given, "utf8"))] : subjectsOf(given);
const problems = subjects.flatMap((subject) => {
  const problem = problemOfSubject(subject);
  return problem === undefined ? [] : [`"${subject}": ${problem}`];
});
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error("CONTRIBUTING.md has the form of a commit message.");
  process.exitCode = 1;
}

/** Merges are left out: their subject is git's. */
function subjectsOf(range: string): string[] {
  const text = execFileSync("git", ["log", "--no-merges", "--format=%s", range], { encoding: "utf8" });
  return text.split("\n").filter((subject) => subject !== "");
}

function firstLine(message: string): string {
  return message.split("\n").find((line) => line !== "" && !line.startsWith("#")) ?? "";
}
