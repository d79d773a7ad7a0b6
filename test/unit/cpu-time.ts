/** Milliseconds of CPU that an act takes in this process; other processes do not add to it. */
export function cpuMsOf(act: () => unknown): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
