import { errorIn } from "../../embedding/provider-error.ts";

const maxWords = 300;
/**
 * The possible start of an error object that a failed query leaves after its rows. In a CSV, quotes within a cell are
 * doubled.
 */
const objectStart = /\{\s*"/g;
const maxStarts = 2_000;

/** Metabase's error message, from JSON of any layout or from text. Undefined if there is none. */
export function wordsOf(body: string): string | undefined {
  const json = parsed(body);
  const said = json === undefined ? body.trim() : errorIn(json)?.message;
  if (said === undefined || said === "" || said.startsWith("<")) return undefined;
  return said.replace(/\s+/g, " ").slice(0, maxWords);
}

/**
 * The reason why a query failed during its export: the error object at the end, wherever it begins and however it is
 * formatted. Undefined if there is none.
 */
export function failureAtEnd(tail: string): string | undefined {
  const text = tail.trimEnd();
  if (!text.endsWith("}")) return undefined;
  for (const { index } of [...text.matchAll(objectStart)].slice(-maxStarts)) {
    const object = text.slice(index);
    const json = parsed(object);
    if (typeof json !== "object" || json === null) continue;
    const words = wordsOf(object);
    if (words !== undefined) return words;
    if ("status" in json && json.status === "failed") return "it says failed, without a reason";
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
