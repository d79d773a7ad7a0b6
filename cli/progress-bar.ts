const width = 30;

/** A bar as full as the work is done. No work at all is done. */
export function progressBar(done: number, of: number): string {
  const filled = of === 0 ? width : Math.min(width, Math.floor((width * done) / of));
  return `${"█".repeat(filled)}${"░".repeat(width - filled)}`;
}
