import type { FailedThing } from "../../core/failed/failed-source.ts";
import type { SupersededExports } from "../../core/failed/superseded.ts";
import { type Column, table } from "../table.ts";
import { terminalText } from "../terminal-text.ts";
import type { Listed, Purged, RetriedSource } from "./operations.ts";

const columns: readonly Column[] = [
  { title: "age", align: "right" },
  { title: "image", align: "left" },
  { title: "receipt", align: "right" },
  { title: "what", align: "left" },
  { title: "id", align: "left" },
  { title: "reason", align: "left" },
];

/** Formats the lines of each source; empty sources share one line. */
export function listedText(listed: readonly Listed[], now: number): string[] {
  const empty = listed.filter((one) => !("error" in one) && one.total === 0);
  const lines = listed.flatMap((one) => {
    if ("error" in one) return [unreadText(one.name, one.error), ""];
    if (one.total === 0) return [];
    const { name, total, things } = one;
    const shown = things.length < total ? `, of which ${things.length} are shown` : "";
    return [`${name}: ${total}${shown}`, ...thingsText(things, now), ""];
  });
  if (empty.length > 0) lines.push(`Nothing in ${empty.map(({ name }) => name).join(", ")}.`);
  return lines;
}

export function retriedText(results: readonly RetriedSource[], now: number): string[] {
  const lines = results.flatMap((one) => {
    if ("error" in one) return [unreadText(one.name, one.error)];
    const { name, retried, stayed, untouched } = one;
    const failedAgain = one.failedAgain ?? [];
    if (retried + stayed.length + untouched + failedAgain.length === 0) return [];
    const parts = [
      `${retried} sent again`,
      ...(stayed.length > 0 ? [`${stayed.length} stay`] : []),
      ...(untouched > 0 ? [`${untouched} not reachable now`] : []),
      ...(failedAgain.length > 0 ? [`${failedAgain.length} failed again`] : []),
    ];
    return [`${name}: ${parts.join(", ")}`, ...thingsText([...stayed, ...failedAgain], now)];
  });
  return lines.length > 0 ? lines : ["Nothing has failed."];
}

/** Formats the last line of a retry: the known outcome of what was sent. */
export function handledText(
  results: readonly RetriedSource[],
  underWay: number,
  waitSeconds: number,
): string {
  const again = results.reduce((sum, one) => sum + ("error" in one ? 0 : (one.failedAgain?.length ?? 0)), 0);
  const failed = again === 0 ? "Nothing failed again" : `${again} failed again`;
  if (underWay === 0) return `${failed}.`;
  return `${failed} in ${waitSeconds} s, and ${underWay} messages are in flight: run \`npm run failed\` later to see their outcome.`;
}

export function supersededText(
  { exports, isWhole }: SupersededExports,
  { now, days }: { readonly now: number; readonly days: number },
): string[] {
  const span = days === 1 ? "day" : `${days} days`;
  const cut = isWhole
    ? []
    : ["The log is longer than is read at once: newer ones are left out. Use fewer --days."];
  if (exports.length === 0) return [`No export of the last ${span} was superseded.`, ...cut];
  const head = `superseded in the last ${span}: ${exports.length}; no action needed`;
  return [head, ...thingsText(exports, now), ...cut];
}

export function purgedText(results: readonly Purged[]): string[] {
  const lines = results.flatMap((one) => {
    if ("error" in one) return [unreadText(one.name, one.error)];
    if (one.purged + one.left === 0) return [];
    return [`${one.name}: ${one.purged} deleted${one.left > 0 ? `, ${one.left} left` : ""}`];
  });
  return lines.length > 0 ? lines : ["Nothing has failed."];
}

/** Formats an age in the largest unit of which it has at least two, otherwise in seconds. */
export function ageText(since: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(since)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

function thingsText(things: readonly FailedThing[], now: number): string[] {
  if (things.length === 0) return [];
  const rows = things.map(({ id, since, image_id, receipt_id, entity, reason }) => [
    ageText(since, now),
    image_id ?? "",
    String(receipt_id ?? ""),
    entity,
    id,
    reason,
  ]);
  return table(columns, rows).map((line) => `  ${line}`);
}

function unreadText(name: string, error: string): string {
  return `${name}: could not be read completely (${terminalText(error)})`;
}
