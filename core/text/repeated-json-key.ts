const space = /\s*/y;
const string = /"[^"\\]*(?:\\.[^"\\]*)*"/sy;

/**
 * A duplicate key of an object in a JSON text; undefined if there is none. `JSON.parse` silently keeps the last value
 * (F29). The text must be valid JSON.
 */
export function repeatedJsonKey(json: string): string | undefined {
  /** Keys of the objects that are open; undefined for a list. */
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < json.length; at += 1) {
    const sign = json[at];
    if (sign === "{") open.push(new Set());
    else if (sign === "[") open.push(undefined);
    else if (sign === "}" || sign === "]") open.pop();
    else if (sign === '"') {
      const end = endOf(string, json, at);
      if (json[endOf(space, json, end)] === ":") {
        const key = JSON.parse(json.slice(at, end)) as string;
        const keys = open.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
      at = end - 1;
    }
  }
  return undefined;
}

function endOf(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : start + 1;
}
