import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { pathToFileURL } from "node:url";

/**
 * Makes stack traces show the source file and line, with the source map next to the running program. The map is only
 * read at the first trace, whereas `--enable-source-maps` would read it at every start. Has no effect without a map.
 */
export function traceSources(program: string = import.meta.filename): void {
  const mapFile = `${program}.map`;
  if (!existsSync(mapFile)) return;
  const url = pathToFileURL(program).href;
  let map: SourceMap | undefined;
  Error.prepareStackTrace = (error, frames) => {
    map ??= readMap(mapFile);
    return [headOf(error), ...frames.map((frame) => `    at ${inSource(frame, url, map)}`)].join("\n");
  };
}

function inSource(frame: NodeJS.CallSite, url: string, map: SourceMap | undefined): string {
  const text = String(frame);
  const [line, column] = [frame.getLineNumber(), frame.getColumnNumber()];
  if (frame.getFileName() !== url || line === null || column === null) return text;
  const entry = map?.findEntry(line - 1, column - 1);
  if (!entry || !("originalSource" in entry) || entry.originalSource === undefined) return text;
  const { originalSource: source, originalLine, originalColumn } = entry;
  return text.replace(`${url}:${line}:${column}`, `${source}:${originalLine + 1}:${originalColumn + 1}`);
}

/** Ignores an unreadable map, so that it does not replace the traced error. */
function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

function headOf(error: unknown): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return "Error";
  }
}
