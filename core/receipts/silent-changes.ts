/** An object or a list that is open, and the key at hand. */
interface Open {
  /** Keys of an object so far; undefined for a list. */
  readonly keys: Set<string> | undefined;
  key: string;
}

const number = /-?\d[\d.eE+-]*/y;

/**
 * What `JSON.parse` changes in silence in a text that it takes: a key that stands twice, whose first value is lost, and
 * a number that it rounds (F29). Only under those of the object's own keys that pass: the others are nobody's. Linear,
 * and without recursion, however deep the text nests.
 */
export function silentChanges(json: string, isUsed: (key: string) => boolean): string[] {
  const found: string[] = [];
  const open: Open[] = [];
  let isTold = true;
  let keyIsDue = false;
  const path = () => open.flatMap(({ keys, key }) => (keys === undefined ? [] : [key])).join(".");

  const readKey = (inside: Open, keys: Set<string>, key: string) => {
    inside.key = key;
    if (open.length === 1) isTold = isUsed(key);
    if (keys.has(key) && isTold) found.push(`${path()}: the key stands twice in the row`);
    keys.add(key);
  };

  for (let at = 0; at < json.length; at += 1) {
    const inside = open.at(-1);
    switch (json[at]) {
      case '"': {
        const end = endOfString(json, at);
        if (keyIsDue && inside?.keys !== undefined) readKey(inside, inside.keys, stringAt(json, at, end));
        keyIsDue = false;
        at = end;
        break;
      }
      case "{":
      case "[":
        keyIsDue = json[at] === "{";
        open.push({ keys: keyIsDue ? new Set() : undefined, key: "" });
        break;
      case "}":
      case "]":
        open.pop();
        keyIsDue = false;
        break;
      case ",":
        keyIsDue = inside?.keys !== undefined;
        break;
      default: {
        number.lastIndex = at;
        const spelling = isDigitOrSign(json.charCodeAt(at)) ? number.exec(json)?.[0] : undefined;
        if (spelling === undefined) break;
        const change = isTold ? roundingOf(spelling) : undefined;
        if (change !== undefined) found.push(`${path()}: ${change}`);
        at += spelling.length - 1;
      }
    }
  }
  return found;
}

function isDigitOrSign(code: number): boolean {
  return code === 0x2d || (code >= 0x30 && code <= 0x39);
}

/** Where the string that begins at a quote has its other quote. */
function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end < 0 ? json.length : end;
}

/** Whether an odd number of backslashes stands before a quote. */
function isEscaped(json: string, quote: number): boolean {
  let first = quote;
  while (json[first - 1] === "\\") first -= 1;
  return (quote - first) % 2 === 1;
}

function stringAt(json: string, start: number, end: number): string {
  const raw = json.slice(start + 1, end);
  return raw.includes("\\") ? (JSON.parse(`"${raw}"`) as string) : raw;
}

const maxShownLength = 40;

/** What becomes of a number's spelling; undefined where the number is what the text says, to a double's precision. */
function roundingOf(spelling: string): string | undefined {
  // Most numbers are a few digits: they are what they say.
  if (spelling.length < 16 && !/[eE]/.test(spelling)) return undefined;
  const value = Number(spelling);
  const shown = spelling.length > maxShownLength ? `${spelling.slice(0, maxShownLength)}...` : spelling;
  if (!Number.isFinite(value)) return `${shown} is beyond the largest number that can be kept`;
  if (!Number.isInteger(value)) return undefined;
  const isWritten = /^-?\d+$/.test(spelling);
  if (isWritten ? Number.isSafeInteger(value) : !hasFraction(spelling)) return undefined;
  return `${shown} would be rounded to ${value}`;
}

/** Whether a decimal spelling says a number that is not whole, however near to one. */
function hasFraction(spelling: string): boolean {
  const [, fraction = "", exponent = "0"] = /^-?\d+(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(spelling) ?? [];
  const shift = Number(exponent);
  if (shift >= 0) return /[1-9]/.test(fraction.slice(shift));
  const digits = spelling.replace(/[eE].*$/, "").replace(/[-.]/g, "");
  return /[1-9]/.test(digits.slice(shift - fraction.length));
}
