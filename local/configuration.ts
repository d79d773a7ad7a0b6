import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { VectorkeepError } from "../core/vectorkeep-error.ts";

const file = "Pulumi.local.yaml";
const entry = /^ {2}([\w-]+:[\w-]+): (.+)$/;
const ignored = /^(config:|\s*#.*|\s*)$/;

/** The stack file has a line that is no plain `namespace:key: value`. */
export class StackFileNotUnderstoodError extends VectorkeepError {
  constructor(line: string) {
    super(
      `${file} has a line that the local AWS cannot read: "${line}".`,
      "Write plain `namespace:key: value` lines.",
    );
  }
}

/** The configuration of the stack `local`: a flat part of YAML is enough for it. Throws StackFileNotUnderstoodError. */
export async function localConfiguration(): Promise<Record<string, string>> {
  const text = await readFile(join(import.meta.dirname, "..", file), "utf8");
  const entries = text.split("\n").flatMap((line) => {
    const match = entry.exec(line);
    if (match === null && !ignored.test(line)) throw new StackFileNotUnderstoodError(line);
    return match === null
      ? []
      : [[match[1] ?? "", (match[2] ?? "").replace(/^(["'])(.*)\1$/, "$2")] as const];
  });
  return Object.fromEntries(entries);
}
