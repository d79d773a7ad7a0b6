import type { ItemState, ShownAnalysis } from "../../core/images/database/item-states.ts";
import { renditionKeys } from "../../core/images/events/rendition-keys.ts";
import type { ImageFinding, ImageReport } from "../../core/images/verify/image-finding.ts";
import { table } from "../table.ts";
import { terminalText } from "../terminal-text.ts";
import type { ImageHits } from "./search-client.ts";

const left = (title: string) => ({ title, align: "left" }) as const;
const right = (title: string) => ({ title, align: "right" }) as const;
const maxHeadline = 60;

export function hitLines({ mode, degraded, hits }: ImageHits): string[] {
  const rows = hits.map((hit, index) => [
    String(index + 1),
    hit.score.toFixed(4),
    hit.similarity?.toFixed(3) ?? "-",
    hit.object_key,
    hit.category ?? "",
    (hit.headline ?? hit.summary ?? "").slice(0, maxHeadline),
  ]);
  const titles = [
    right("#"),
    right("score"),
    right("cosine"),
    left("image"),
    left("category"),
    left("headline"),
  ];
  return [
    ...(degraded === undefined ? [] : [`Only ${mode}: ${terminalText(degraded)}`]),
    ...(hits.length === 0 ? ["No image is found."] : table(titles, rows)),
  ];
}

export function itemLines(
  item: ItemState,
  analyses: readonly ShownAnalysis[],
  renditionsBucket: string,
): string[] {
  const keys = renditionKeys(item.user_id, item.id, item.object_sequencer);
  const isEmbedded = item.embedded_analysis_id !== null && item.embedded_analysis_id === item.analysis_id;
  const rows = analyses.map((one) => [
    String(one.version),
    one.provider_used,
    one.model_used,
    `${one.input_tokens}+${one.output_tokens}`,
    one.cost_usd.toFixed(6),
    one.trace_id ?? "-",
    one.category ?? "",
    (one.summary ?? "").slice(0, maxHeadline),
  ]);
  const titles = [
    right("version"),
    left("provider"),
    left("model"),
    right("tokens"),
    right("USD"),
    left("trace"),
    left("category"),
    left("summary"),
  ];
  return [
    `item        ${terminalText(item.id)}`,
    `user        ${terminalText(item.user_id)}`,
    `object      s3://${terminalText(`${item.bucket}/${item.object_key}`)}`,
    `thumbnail   s3://${terminalText(`${renditionsBucket}/${keys.thumbnail}`)}`,
    `vector      ${isEmbedded ? "of the newest analysis" : "missing or stale"}`,
    "",
    ...(rows.length === 0 ? ["There is no analysis yet."] : table(titles, rows)),
  ];
}

export function findingLines({ objects, items, findings }: ImageReport): string[] {
  const rows = findings.map((finding) => [finding.kind, keyOf(finding)]);
  return [
    `${objects} images, ${items} items, ${findings.length} differences`,
    ...(rows.length === 0 ? [] : table([left("difference"), left("image")], rows)),
  ];
}

function keyOf(finding: ImageFinding): string {
  return "key" in finding ? finding.key : finding.item.object_key;
}
