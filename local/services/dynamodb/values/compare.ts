import { type AttributeValue, attributeOf, contentOf, typeOf } from "./attribute-value.ts";
import { compareDecimals, parseDecimal } from "./decimal.ts";

/** Compares by value: the order of a map's attributes and of a set's members is ignored. */
export function equalValues(a: AttributeValue, b: AttributeValue): boolean {
  if ("M" in a) {
    if (!("M" in b)) return false;
    const names = Object.keys(a.M);
    return (
      names.length === Object.keys(b.M).length &&
      names.every((name) => {
        const [left, right] = [attributeOf(a.M, name), attributeOf(b.M, name)];
        return left !== undefined && right !== undefined && equalValues(left, right);
      })
    );
  }
  if ("L" in a) {
    if (!("L" in b) || a.L.length !== b.L.length) return false;
    return a.L.every((part, index) => {
      const other = b.L[index];
      return other !== undefined && equalValues(part, other);
    });
  }
  if (typeOf(a) !== typeOf(b)) return false;
  const [left, right] = [contentOf(a), contentOf(b)];
  // Numbers are in their normal form, so that equal ones have equal texts.
  if (!Array.isArray(left) || !Array.isArray(right)) return left === right;
  if (left.length !== right.length) return false;
  const members = new Set(right);
  return left.every((member) => members.has(member));
}

/**
 * Returns a negative number, 0 or a positive number; undefined if the values are not comparable, because their types
 * differ or are unordered.
 */
export function compareValues(a: AttributeValue, b: AttributeValue): number | undefined {
  if ("S" in a && "S" in b) return compareTexts(a.S, b.S);
  if ("N" in a && "N" in b) {
    return a.N === b.N ? 0 : compareDecimals(parseDecimal(a.N), parseDecimal(b.N));
  }
  if ("B" in a && "B" in b) return Buffer.from(a.B, "base64").compare(Buffer.from(b.B, "base64"));
  return undefined;
}

/** Compares UTF-8 bytes, which is the order of code points, unlike that of JavaScript's code units. */
function compareTexts(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at += 1) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left !== right) return byteRank(left) - byteRank(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others. */
function byteRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** A substring, a member of a set, or an element of a list. */
export function containsValue(container: AttributeValue, part: AttributeValue): boolean {
  if ("S" in container && "S" in part) return container.S.includes(part.S);
  if ("B" in container && "B" in part) {
    return Buffer.from(container.B, "base64").includes(Buffer.from(part.B, "base64"));
  }
  if ("L" in container) return container.L.some((element) => equalValues(element, part));
  if ("SS" in container) return "S" in part && container.SS.includes(part.S);
  if ("NS" in container) return "N" in part && container.NS.includes(part.N);
  if ("BS" in container) return "B" in part && container.BS.includes(part.B);
  return false;
}

export function beginsWith(value: AttributeValue, prefix: AttributeValue): boolean {
  if ("S" in value && "S" in prefix) return value.S.startsWith(prefix.S);
  if (!("B" in value && "B" in prefix)) return false;
  const [bytes, start] = [Buffer.from(value.B, "base64"), Buffer.from(prefix.B, "base64")];
  return bytes.subarray(0, start.length).equals(start);
}
