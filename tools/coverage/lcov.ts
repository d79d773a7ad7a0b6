export interface FileLines {
  readonly path: string;
  /** Numbered from 0. */
  readonly lines: readonly { readonly line: number; readonly isRun: boolean }[];
}

/** In the format that editors and services read. */
export function lcovOf(files: readonly FileLines[]): string {
  return files
    .flatMap(({ path, lines }) => [
      `SF:${path}`,
      ...lines.map(({ line, isRun }) => `DA:${line + 1},${isRun ? 1 : 0}`),
      "end_of_record",
    ])
    .map((line) => `${line}\n`)
    .join("");
}
