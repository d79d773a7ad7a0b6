import type { SpeedFigures } from "./measure.ts";

export function speedLines(figures: readonly SpeedFigures[], perSecond: number): string[] {
  return [
    `| vectors | p50, all | p99, all | p50, one merchant | p99, one merchant | CPU | recall@10 | memory | open |`,
    `|---:|---:|---:|---:|---:|---:|---:|---:|---:|`,
    ...figures.map(
      ({ vectors, dimensions, all, ofMerchant, cpuMs, recall, memory, openSeconds }) =>
        `| ${vectors.toLocaleString("en-US")} x ${dimensions} | ${ms(all.p50)} | ${ms(all.p99)} | ${ms(ofMerchant.p50)} | ${ms(ofMerchant.p99)} | ${ms(cpuMs)} | ${recall.toFixed(3)} | ${memory.toFixed(2)} | ${openSeconds.toFixed(1)} s |`,
    ),
    "",
    `Hybrid, over HTTP, ${perSecond} requests/s; memory per byte of the vectors.`,
  ];
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}
