import { hash, randomBytes } from "node:crypto";

/** AWS ends an event that came through the same function about so often. */
export const maxHops = 16;

/** The tracing header of a chain of requests that begins here. */
export function newTrace(): string {
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${seconds}-${randomBytes(12).toString("hex")}`;
}

/** Returns the count of a function in the lineage of a header: `Lineage={function}:{count}|...`. */
export function hopsOf(trace: string | undefined, functionArn: string): number {
  return lineageOf(trace).get(nameIn(functionArn)) ?? 0;
}

/** The header that requests of an invocation carry, one hop further than the most travelled of its messages. */
export function nextHop(traces: readonly (string | undefined)[], functionArn: string): string {
  const longest = traces.toSorted((a, b) => hopsOf(b, functionArn) - hopsOf(a, functionArn))[0];
  const lineage = lineageOf(longest);
  lineage.set(nameIn(functionArn), hopsOf(longest, functionArn) + 1);
  const root = longest?.split(";").find((part) => part.startsWith("Root=")) ?? newTrace();
  return `${root};Lineage=${[...lineage].map(([name, count]) => `${name}:${count}`).join("|")}`;
}

function lineageOf(trace: string | undefined): Map<string, number> {
  const text = /Lineage=([^;]*)/.exec(trace ?? "")?.[1] ?? "";
  const entries = text.split("|").filter((entry) => entry.includes(":"));
  return new Map(entries.map((entry) => [entry.split(":")[0] ?? "", Number(entry.split(":")[1])]));
}

function nameIn(functionArn: string): string {
  return hash("sha256", functionArn).slice(0, 8);
}
