import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { decodedMappings, TraceMap } from "@jridgewell/trace-mapping";
import type { Position } from "./code-lines.ts";
import type { RunLines } from "./run-lines.ts";
import { type CountedRange, countsAt } from "./script-counts.ts";

/** What Node writes for a process with NODE_V8_COVERAGE. */
export interface ProcessReport {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly CountedRange[] }[];
  }[];
  /** By the script's URL; it names sources by URLs next to the script. */
  readonly "source-map-cache"?: Readonly<Record<string, CachedMap>>;
}

interface CachedMap {
  readonly lineLengths: readonly number[];
  readonly data: { readonly sources: readonly string[]; readonly mappings: string } | null;
}

/** An offset of a script, in ascending order, with the line of a source that it was made from. */
interface Origin {
  readonly offset: number;
  readonly path: string;
  readonly line: number;
}

/** The positions of code of each source, by path relative to the repository. */
export type Code = ReadonlyMap<string, readonly Position[]>;

/** Adds what processes ran of our sources, natively or as a bundle, wherever that lay and whether it is still there. */
export class ChildrenCounts {
  readonly #root: string;
  readonly #code: Code;
  readonly #runs: RunLines;
  readonly #origins = new Map<string, readonly Origin[]>();

  constructor(root: string, code: Code, runs: RunLines) {
    this.#root = pathToFileURL(join(root, "/")).href;
    this.#code = code;
    this.#runs = runs;
  }

  addFolder(folder: string): void {
    for (const name of readdirSync(folder)) {
      const report = readReport(join(folder, name));
      if (report !== undefined) this.add(report);
    }
  }

  add({ result, "source-map-cache": maps = {} }: ProcessReport): void {
    for (const { url, functions } of result) {
      const origins = this.#originsOf(url, maps[url]);
      if (origins.length === 0) continue;
      const ranges = functions.flatMap((each) => each.ranges);
      const counts = countsAt(
        ranges,
        origins.map(({ offset }) => offset),
      );
      origins.forEach(({ path, line }, index) => {
        if ((counts[index] ?? 0) > 0) this.#runs.add(path, line);
      });
    }
  }

  #originsOf(url: string, map: CachedMap | undefined): readonly Origin[] {
    const key = map?.data ? hashOf(url, map.data, map.lineLengths) : url;
    const known = this.#origins.get(key);
    if (known !== undefined) return known;
    const origins = map?.data ? this.#ofBundle(url, map.data, map.lineLengths) : this.#ofSource(url);
    this.#origins.set(key, origins);
    return origins;
  }

  /** Node replaces types by spaces, so positions stay. */
  #ofSource(url: string): Origin[] {
    const path = this.#pathOf(url);
    const positions = path === undefined ? [] : (this.#code.get(path) ?? []);
    if (path === undefined || positions.length === 0) return [];
    const starts = startsOf(
      readFileSync(new URL(url), "utf8")
        .split("\n")
        .map(({ length }) => length),
    );
    return positions
      .map(({ line, column }) => ({ offset: (starts[line] ?? 0) + column, path, line }))
      .sort((left, right) => left.offset - right.offset);
  }

  #ofBundle(
    url: string,
    { sources, mappings }: NonNullable<CachedMap["data"]>,
    lineLengths: readonly number[],
  ): Origin[] {
    const folder = new URL(".", url).href;
    const paths = sources.map((source) => this.#pathOf(source) ?? this.#pathOf(source, folder));
    const lines = paths.map(
      (path) => new Set((path === undefined ? [] : this.#code.get(path))?.map(({ line }) => line)),
    );
    const starts = startsOf(lineLengths);
    const map = new TraceMap({ version: 3, sources: [...sources], names: [], mappings });
    return decodedMappings(map).flatMap((segments, at) =>
      segments.flatMap((segment) => {
        if (segment.length === 1) return [];
        const [column, source, line] = segment;
        const path = paths[source];
        if (path === undefined || !lines[source]?.has(line)) return [];
        return [{ offset: (starts[at] ?? 0) + column, path, line }];
      }),
    );
  }

  /** Of one of our sources, undefined of any other. */
  #pathOf(url: string, folder = this.#root): string | undefined {
    const path = url.startsWith(folder) ? decodeURI(url.slice(folder.length)) : undefined;
    return path !== undefined && this.#code.has(path) ? path : undefined;
  }
}

/** Where each line starts. */
function startsOf(lengths: readonly number[]): number[] {
  let start = 0;
  return lengths.map((length) => {
    const at = start;
    start += length + 1;
    return at;
  });
}

/** Undefined of a process that ended in the midst of writing. */
function readReport(file: string): ProcessReport | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** The same for every copy of a bundle. */
function hashOf(
  url: string,
  { sources, mappings }: NonNullable<CachedMap["data"]>,
  lineLengths: readonly number[],
): string {
  const names = sources.join().replaceAll(new URL(".", url).href, "");
  return createHash("sha256").update(`${names}\0${mappings}\0${lineLengths}`).digest("hex");
}
