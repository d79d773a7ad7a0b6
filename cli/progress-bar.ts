const width = 30;

/** Formats a progress bar. No work counts as done. */
export function progressBar(done: number, of: number): string {
  const filled = of === 0 ? width : Math.min(width, Math.floor((width * done) / of));
  return `${"█".repeat(filled)}${"░".repeat(width - filled)}`;
}
