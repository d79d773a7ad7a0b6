import { table } from "../../cli/table.ts";
import type { ShardName } from "../../contract/collections.ts";
import type { ExpectedVectors } from "./expected-vectors.ts";
import type { ServedGeneration } from "./served-generations.ts";

export interface Happened {
  readonly expected: ExpectedVectors;
  readonly embeddedTexts: number;
  readonly embeddingRequests: number;
  /** Title and seconds of each stage; stages after the export overlap. */
  readonly stages: Readonly<Record<string, number>>;
  readonly generations: ReadonlyMap<ShardName, ServedGeneration>;
}

/** Formats the result as a table. */
export function summary({
  expected,
  embeddedTexts,
  embeddingRequests,
  stages,
  generations,
}: Happened): string[] {
  const rows: [string, string][] = [
    ["receipts", whole(expected.receipts)],
    ["lines", `${whole(expected.rows.lines)}, ${whole(expected.ids.lines.size)} searchable`],
    ["words", `${whole(expected.rows.words)}, ${whole(expected.ids.words.size)} searchable`],
    ["distinct texts", whole(expected.distinctTexts)],
    ["texts embedded", `${whole(embeddedTexts)} in ${whole(embeddingRequests)} requests`],
    ...Object.entries(stages).map(([title, seconds]): [string, string] => [title, `${seconds.toFixed(1)} s`]),
    ...Array.from(generations, ([shard, { generation, count }]): [string, string] => {
      const vectors = count === null ? "" : ` with ${whole(count)} vectors`;
      const what = `generation ${whole(generation ?? 0)}${vectors}`;
      return [`published ${shard}`, generation === null ? "nothing" : what];
    }),
  ];
  return table(
    [
      { title: "what", align: "left" },
      { title: "how much", align: "left" },
    ],
    rows,
  ).slice(1);
}

function whole(number: number): string {
  return number.toLocaleString("en-US");
}
