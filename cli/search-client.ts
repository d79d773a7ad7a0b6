import { z } from "zod";
import { readSecret } from "../core/settings/secret.ts";
import { VectorkeepError } from "../core/vectorkeep-error.ts";
import { type RequestSigner, requestSigner } from "./request-signer.ts";
import type { StackOutputs } from "./target.ts";

const searchAnswer = z.object({
  collection: z.string(),
  /** The generation of each shard. */
  generations: z.record(z.string(), z.number().nullable()),
  /** Present if the mirror answered, by vectors alone and approximately. */
  backend: z.literal("s3vectors").optional(),
  /** What the search understood of the text. */
  understood: z
    .object({
      kinds: z.array(z.string()).optional(),
      dates: z.array(z.string()).optional(),
      amounts: z.array(z.string()).optional(),
      merchant: z.string().optional(),
    })
    .optional(),
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
      row: z.object({ text: z.string(), ids: z.array(z.string()) }).optional(),
      merchant: z.string().optional(),
      date: z.string().optional(),
      found_by: z
        .object({ cosine: z.number().nullable(), coverage: z.number(), matched: z.array(z.string()) })
        .optional(),
    }),
  ),
});

const similarAnswer = searchAnswer.omit({ understood: true }).extend({
  of: z.object({ id: z.string(), text: z.string() }),
  /** The number of hits on which each label is VALID and INVALID. */
  labels: z.record(z.string(), z.object({ valid: z.number(), invalid: z.number() })),
});

const errorAnswer = z.object({
  error: z.object({ message: z.string(), problems: z.array(z.string()).optional() }),
});

export type SearchHits = z.infer<typeof searchAnswer>;
export type SimilarHits = z.infer<typeof similarAnswer>;
export type Hit = SearchHits["hits"][number];

export interface Question {
  readonly text: string;
  /** Undefined for the default: words if a label is given, otherwise lines. */
  readonly collection?: string | undefined;
  readonly k: number;
  readonly merchant?: string | undefined;
  readonly label?: string | undefined;
  /** Undefined for `hybrid`. */
  readonly mode?: string | undefined;
  /** Undefined for `row`. */
  readonly group?: string | undefined;
  /** Undefined for true. */
  readonly understand?: boolean | undefined;
  /** A condition on the hits. */
  readonly where?: object | undefined;
  /** Required values of metadata keys. */
  readonly filter?: Hit["metadata"];
}

/** The stack has no search API. */
export class SearchNotDeployedError extends VectorkeepError {
  constructor() {
    super(
      "This stack has no search API.",
      "Enable it with `pulumi config set query:enabled true` and deploy again.",
    );
  }
}

/** The search URL of the stack does not respond. */
export class SearchUnreachableError extends VectorkeepError {
  constructor(url: string, cause: unknown) {
    super(
      `Nothing answers at ${url}.`,
      "Start the local stack with `npm start`; with query:host ecs, a deployed stack is searched from inside its network.",
      { cause },
    );
  }
}

/** The search API responded with an error. */
export class SearchRefusedError extends VectorkeepError {
  constructor(status: number, message: string, problems: readonly string[]) {
    super(
      `The search API answered ${status}: ${message}${problems.map((problem) => `\n  - ${problem}`).join("")}`,
      "",
    );
  }
}

/**
 * A client of a stack's search API. It authenticates with the stack's API key from Secrets Manager, and signs requests
 * if the stack requires it.
 */
export class SearchClient {
  readonly #url: string;
  readonly #apiKey: string;
  readonly #sign: RequestSigner | undefined;

  private constructor(url: string, apiKey: string, sign: RequestSigner | undefined) {
    this.#url = url;
    this.#apiKey = apiKey;
    this.#sign = sign;
  }

  /** The AWS environment of the stack must be set. Throws SearchNotDeployedError. */
  static async of({ searchUrl, searchApiKeySecret, search }: StackOutputs): Promise<SearchClient> {
    if (searchUrl === undefined || searchApiKeySecret === undefined) throw new SearchNotDeployedError();
    const apiKey = await readSecret(searchApiKeySecret, "query:apiKey");
    return new SearchClient(
      searchUrl,
      apiKey,
      search?.authorization === "key-and-iam" ? requestSigner() : undefined,
    );
  }

  async ask(question: Question): Promise<SearchHits> {
    return searchAnswer.parse(await this.#call("POST", "/search", JSON.stringify(question)));
  }

  /** Returns the nearest neighbours of a stored vector. */
  async like(id: string, k: number): Promise<SimilarHits> {
    const path = `/similar?${new URLSearchParams({ id, k: String(k) })}`;
    return similarAnswer.parse(await this.#call("GET", path));
  }

  async #call(method: string, path: string, body?: string): Promise<unknown> {
    const url = new URL(`${this.#url}${path}`);
    const own = {
      "x-api-key": this.#apiKey,
      ...(body !== undefined && { "content-type": "application/json" }),
    };
    const headers = (await this.#sign?.({ method, url, headers: own, body })) ?? own;
    const request = { method, headers, ...(body !== undefined && { body }) };
    const response = await fetch(url, request).catch((cause: unknown) => {
      throw new SearchUnreachableError(url.href, cause);
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer;
    const { error } = errorAnswer.safeParse(answer).data ?? { error: { message: response.statusText } };
    throw new SearchRefusedError(response.status, error.message, error.problems ?? []);
  }
}
