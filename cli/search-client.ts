import { z } from "zod";
import { Failure } from "../core/failure.ts";
import { validLabels } from "../core/search/word-labels.ts";
import { readSecret } from "../core/settings/secret.ts";
import { type Column, table } from "./table.ts";
import type { StackOutputs } from "./target.ts";

const searchAnswer = z.object({
  collection: z.string(),
  /** By shard. */
  generations: z.record(z.string(), z.number().nullable()),
  hits: z.array(
    z.object({
      id: z.string(),
      image_id: z.string(),
      receipt_id: z.number(),
      line_id: z.number(),
      word_id: z.number().optional(),
      text: z.string(),
      score: z.number(),
      metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    }),
  ),
});

const errorAnswer = z.object({
  error: z.object({ message: z.string(), problems: z.array(z.string()).optional() }),
});

export type SearchHits = z.infer<typeof searchAnswer>;
export type Hit = SearchHits["hits"][number];

export interface Question {
  readonly text: string;
  /** Undefined: words where a label is asked for, else lines. */
  readonly collection?: string | undefined;
  readonly k: number;
  readonly merchant?: string | undefined;
  readonly label?: string | undefined;
  /** Values that keys of the metadata must have. */
  readonly filter?: Hit["metadata"];
}

/** The stack has no query service to ask. */
export class SearchNotDeployed extends Failure {
  constructor() {
    super(
      "This stack has no query service.",
      "Enable it with `pulumi config set query:enabled true` and deploy again.",
    );
  }
}

/** Nothing listens at the search URL of the stack. */
export class SearchUnreachable extends Failure {
  constructor(url: string, cause: unknown) {
    super(
      `Nothing answers at ${url}.`,
      "Start the local stack with `npm start`; a deployed query service is reached from inside its network only.",
      { cause },
    );
  }
}

/** The query service answered with an error. */
export class SearchRefused extends Failure {
  constructor(status: number, message: string, problems: readonly string[]) {
    super(
      `The query service answered ${status}: ${message}${problems.map((problem) => `\n  - ${problem}`).join("")}`,
      "",
    );
  }
}

/** Asks the query service of a stack, with the API key that the stack keeps in Secrets Manager. */
export class SearchClient {
  readonly #url: string;
  readonly #apiKey: string;

  private constructor(url: string, apiKey: string) {
    this.#url = url;
    this.#apiKey = apiKey;
  }

  /** The AWS environment of the stack must be set. Throws SearchNotDeployed. */
  static async of({ searchUrl, searchApiKeySecret }: StackOutputs): Promise<SearchClient> {
    if (searchUrl === undefined || searchApiKeySecret === undefined) throw new SearchNotDeployed();
    return new SearchClient(searchUrl, await readSecret(searchApiKeySecret, "query:apiKey"));
  }

  async ask(question: Question): Promise<SearchHits> {
    const url = `${this.#url}/search`;
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": this.#apiKey },
      body: JSON.stringify(question),
    }).catch((cause: unknown) => {
      throw new SearchUnreachable(url, cause);
    });
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok) return searchAnswer.parse(body);
    const { error } = errorAnswer.safeParse(body).data ?? { error: { message: response.statusText } };
    throw new SearchRefused(response.status, error.message, error.problems ?? []);
  }
}

interface HitColumn extends Column {
  readonly cell: (hit: Hit) => string;
}

const placeColumns: readonly HitColumn[] = [
  { title: "score", align: "right", cell: ({ score }) => score.toFixed(3) },
  { title: "image", align: "left", cell: ({ image_id }) => image_id },
  { title: "receipt", align: "right", cell: ({ receipt_id }) => String(receipt_id) },
  { title: "line", align: "right", cell: ({ line_id }) => String(line_id) },
];
const wordColumn: HitColumn = { title: "word", align: "right", cell: ({ word_id }) => String(word_id) };
/** Shown where any hit has them. */
const optionalColumns: readonly HitColumn[] = [
  { title: "merchant", align: "left", cell: ({ metadata }) => merchantOf(metadata) },
  { title: "labels", align: "left", cell: ({ metadata }) => validLabels(metadata).join(", ") },
];
const textColumn: HitColumn = { title: "text", align: "left", cell: ({ text }) => text };

/** The hits as lines of a table: score, receipt, line, word, merchant, valid labels and text. */
export function hitTable({ collection, hits }: SearchHits): string[] {
  const columns = [
    ...placeColumns,
    ...(collection === "words" ? [wordColumn] : []),
    ...optionalColumns.filter(({ cell }) => hits.some((hit) => cell(hit) !== "")),
    textColumn,
  ];
  return table(
    columns,
    hits.map((hit) => columns.map(({ cell }) => cell(hit))),
  );
}

function merchantOf({ canonical_merchant_name, merchant_name }: Hit["metadata"]): string {
  return String(canonical_merchant_name ?? merchant_name ?? "");
}
