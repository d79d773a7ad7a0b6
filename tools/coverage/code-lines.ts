import { decodedMappings, type SourceMapInput, TraceMap } from "@jridgewell/trace-mapping";
import { transform } from "esbuild";

/** Lines and columns, from 0, at which the compiler makes code of a source. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Where a TypeScript source has code that may run or not: no comments, types, imports, and nothing of lines of brackets
 * alone, of which a bundler leaves no trace.
 */
export async function codeOf(source: string): Promise<readonly Position[]> {
  const { code, map } = await transform(source, {
    loader: "ts",
    format: "esm",
    target: "node24",
    sourcemap: "external",
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  const texts = source.split("\n");
  const generated = code.split("\n");
  const isImport = importLines(generated);
  return originalsOf(map).flatMap((segments, at) =>
    isImport[at] ? [] : segments.filter(({ line }) => isCode(texts[line] ?? "")),
  );
}

/** The positions in sources of each line of generated code. */
function originalsOf(map: SourceMapInput): Position[][] {
  return decodedMappings(new TraceMap(map)).map((segments) =>
    segments.flatMap((segment) => (segment.length === 1 ? [] : [{ line: segment[2], column: segment[3] }])),
  );
}

/** The compiler writes each import from the first line of a statement to the one that names the module. */
function importLines(generated: readonly string[]): readonly boolean[] {
  let inside = false;
  return generated.map((line) => {
    inside ||= /^(import\b(?!\()|export (\*|\{))/.test(line);
    const isImport = inside;
    if (/;$/.test(line)) inside = false;
    return isImport;
  });
}

function isCode(line: string): boolean {
  return /\w/.test(line.replaceAll(/\b(else|try|catch|finally)\b/g, ""));
}
