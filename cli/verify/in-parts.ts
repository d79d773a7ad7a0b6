/** Calls `ask` with the last position of the previous part until nothing is left. Returns all parts combined. */
export async function inParts<Report extends { readonly next: string | null }>(
  ask: (after: string | undefined) => Promise<Report>,
  joined: (before: Report, after: Report) => Report,
  onPart: (soFar: Report) => void,
): Promise<Report> {
  let report = await ask(undefined);
  onPart(report);
  while (report.next !== null) {
    report = joined(report, await ask(report.next));
    onPart(report);
  }
  return report;
}
