export interface Lines {
  readonly total: number;
  readonly covered: number;
}

export interface FolderLines extends Lines {
  /** 0 to 100; 100 of a folder without lines. */
  readonly percent: number;
}

/** The row of the table that has all folders together. */
const all = "all";

/** The least that `npm run test:coverage` takes, in percent of lines. */
export const gates = [
  { folder: all, percent: 80 },
  { folder: "core", percent: 90 },
  { folder: "functions", percent: 70 },
  { folder: "containers", percent: 55 },
] as const;

/** Lines by top folder, in order of name, and of all of them. Paths are relative to the repository. */
export function linesPerFolder(
  files: readonly ({ readonly path: string } & Lines)[],
): Map<string, FolderLines> {
  const names = [...new Set(files.map(({ path }) => folderOf(path)))].sort();
  const ofFolder = (name: string) => files.filter(({ path }) => folderOf(path) === name);
  return new Map([...names.map((name) => [name, sum(ofFolder(name))] as const), [all, sum(files)]]);
}

/** What is below its gate, in words. */
export function missedGates(folders: ReadonlyMap<string, FolderLines>): string[] {
  return gates
    .filter(({ folder, percent }) => (folders.get(folder)?.percent ?? 0) < percent)
    .map(({ folder, percent }) => `${folder}: fewer than ${percent} % of the lines are run.`);
}

export function tableOf(folders: ReadonlyMap<string, FolderLines>): string {
  return Array.from(folders, ([name, { covered, total, percent }]) =>
    [
      name.padEnd(12),
      `${covered} of ${total} lines`.padStart(24),
      `${percent.toFixed(1)} %`.padStart(9),
    ].join(""),
  ).join("\n");
}

function folderOf(path: string): string {
  return path.split("/")[0] ?? "";
}

function sum(files: readonly Lines[]): FolderLines {
  const total = files.reduce((lines, file) => lines + file.total, 0);
  const covered = files.reduce((lines, file) => lines + file.covered, 0);
  return { total, covered, percent: total === 0 ? 100 : (100 * covered) / total };
}
