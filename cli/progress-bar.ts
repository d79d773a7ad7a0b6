const width = 30;

/** A bar that is full when the work is done; no work counts as done. */
export function progressBar(done: number, of: number): string {
  const filled = of === 0 ? width : Math.min(width, Math.floor((width * done) / of));
  return `${"█".repeat(filled)}${"░".repeat(width - filled)}`;
}
