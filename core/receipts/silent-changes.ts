/** An object or array that is being parsed, and the current key. */
interface Open {
  /** Keys of an object so far; undefined for an array. */
  readonly keys: Set<string> | undefined;
  key: string;
}

const number = /-?\d[\d.eE+-]*/y;

/**
 * Values that `JSON.parse` changes silently: a duplicate key, whose first value is lost, and a number that is rounded
 * (F29). Only top-level keys that pass `isUsed` are checked. Linear time, without recursion.
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
    if (keys.has(key) && isTold) found.push(`${path()}: duplicate key`);
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

/** The index of the closing quote of a string. */
function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end < 0 ? json.length : end;
}

/** Whether an odd number of backslashes precedes a quote. */
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

/** How parsing changes a number; undefined if a double represents it exactly. */
function roundingOf(spelling: string): string | undefined {
  // Most numbers have few digits and are exact.
  if (spelling.length < 16 && !/[eE]/.test(spelling)) return undefined;
  const value = Number(spelling);
  const shown = spelling.length > maxShownLength ? `${spelling.slice(0, maxShownLength)}...` : spelling;
  if (!Number.isFinite(value)) return `${shown} exceeds the largest representable number`;
  if (!Number.isInteger(value)) return undefined;
  const isWritten = /^-?\d+$/.test(spelling);
  if (isWritten ? Number.isSafeInteger(value) : !hasFraction(spelling)) return undefined;
  return `${shown} would be rounded to ${value}`;
}

/** Whether a decimal number has a fractional part, however small. */
function hasFraction(spelling: string): boolean {
  const [, fraction = "", exponent = "0"] = /^-?\d+(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(spelling) ?? [];
  const shift = Number(exponent);
  if (shift >= 0) return /[1-9]/.test(fraction.slice(shift));
  const digits = spelling.replace(/[eE].*$/, "").replace(/[-.]/g, "");
  return /[1-9]/.test(digits.slice(shift - fraction.length));
}
