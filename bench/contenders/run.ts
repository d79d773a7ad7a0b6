import { benchRecords } from "../records.ts";
import type { Assignment, Contender } from "./contender.ts";
import type { ContenderName } from "./names.ts";

/** The process of one contender in one round: it gets its orders as one message and answers with one. */
export interface Orders extends Assignment {
  readonly contender: ContenderName;
  /** How many records; it makes them itself. */
  readonly records: number;
}

export interface Outcome {
  readonly seconds: number;
  /** Of all threads of the process, in the same time. */
  readonly cpuSeconds: number;
  /** Peak of the whole process, in bytes. */
  readonly peakMemory: number;
}

const contenders: Record<ContenderName, () => Promise<Contender>> = {
  bare: async () => (await import("./bare.ts")).bare,
  langchain: async () => (await import("./langchain.ts")).langchain,
  mastra: async () => (await import("./mastra.ts")).mastra,
  product: async () => (await import("./product.ts")).product,
};

async function run(orders: Orders): Promise<Outcome> {
  const contender = await contenders[orders.contender]();
  const index = await contender.prepare(orders, benchRecords(orders.records));
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  await index();
  const cpu = process.cpuUsage(cpuBefore);
  return {
    seconds: (performance.now() - started) / 1_000,
    cpuSeconds: (cpu.user + cpu.system) / 1_000_000,
    peakMemory: process.resourceUsage().maxRSS * 1_024,
  };
}

process.once("message", async (orders: Orders) => {
  process.send?.(await run(orders));
  process.disconnect();
});
