/** The lines, from 0, that were run at least once, by path. */
export class RunLines {
  readonly #lines = new Map<string, Set<number>>();

  add(path: string, line: number): void {
    const lines = this.#lines.get(path) ?? new Set();
    this.#lines.set(path, lines.add(line));
  }

  has(path: string, line: number): boolean {
    return this.#lines.get(path)?.has(line) === true;
  }
}
