/** The fields of a version 3 source map that are used here. */
interface SourceMap {
  readonly version: 3;
  readonly sources: readonly string[];
  readonly mappings: string;
}

/** Generated column; then source, line and column if the segment has an origin. */
type Segment = readonly [number] | readonly [number, number, number, number];

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const values = new Map([...digits].map((digit, value) => [digit, value]));

/**
 * The source map without installed packages. Node.js parses a map when it loads the code, so a complete map would cost each
 * cold start about 20 ms, and its first error as much again. Stack frames in packages then show the position in the bundle.
 */
export function ownSourceMap(json: string): string {
  const { sources, mappings } = JSON.parse(json) as SourceMap;
  const own = sources.filter(isOwn);
  const numbers = sources.map((source) => own.indexOf(source));
  const lines = decode(mappings).map((segments) => kept(segments, numbers));
  return JSON.stringify({ version: 3, sources: own, names: [], mappings: encode(lines) });
}

function isOwn(source: string): boolean {
  return !source.includes("node_modules/") && !source.includes(":");
}

/**
 * Keeps only the first of consecutive segments without an origin. It ends the segment before it; the others are
 * redundant.
 */
function kept(segments: readonly Segment[], numbers: readonly number[]): Segment[] {
  const result: Segment[] = [];
  for (const [at, source, line, column] of segments) {
    const number = source === undefined ? -1 : (numbers[source] ?? -1);
    if (number >= 0 && line !== undefined && column !== undefined) result.push([at, number, line, column]);
    else if (result.at(-1)?.length === 4) result.push([at]);
  }
  return result;
}

/** Segments by generated line. Columns restart on each line; all other numbers are deltas to the previous segment. */
function decode(mappings: string): Segment[][] {
  const origin: [number, number, number] = [0, 0, 0];
  return mappings.split(";").map((line) => {
    let at = 0;
    return line
      .split(",")
      .filter((text) => text !== "")
      .map((text): Segment => {
        const [column = 0, ...rest] = numbersOf(text);
        at += column;
        if (rest.length < 3) return [at];
        for (const index of [0, 1, 2] as const) origin[index] += rest[index] ?? 0;
        return [at, ...origin];
      });
  });
}

function encode(lines: readonly (readonly Segment[])[]): string {
  let origin: readonly [number, number, number] = [0, 0, 0];
  return lines
    .map((segments) => {
      let at = 0;
      return segments
        .map((segment) => {
          const column = textOf(segment[0] - at);
          at = segment[0];
          if (segment.length === 1) return column;
          const [, ...next] = segment;
          const rest = next.map((value, index) => textOf(value - (origin[index] ?? 0))).join("");
          origin = next;
          return column + rest;
        })
        .join(",");
    })
    .join(";");
}

/** Base64 VLQ: five bits per digit, lowest first; the sixth bit marks continuation, and the lowest bit of all is the sign. */
function numbersOf(text: string): number[] {
  const result: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of text) {
    const bits = values.get(digit) ?? 0;
    value += (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    result.push(value & 1 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return result;
}

function textOf(number: number): string {
  let value = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = "";
  do {
    const bits = value & 31;
    value >>>= 5;
    text += digits[value > 0 ? bits | 32 : bits];
  } while (value > 0);
  return text;
}
