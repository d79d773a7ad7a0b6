import * as z from "zod";
import { readSecret } from "../../core/settings/secret.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import type { ImagesOutputs } from "../target.ts";

const answer = z.object({
  query: z.string(),
  mode: z.string(),
  degraded: z.string().optional(),
  hits: z.array(
    z.object({
      item_id: z.string(),
      score: z.number(),
      similarity: z.number().nullable(),
      lexical_rank: z.number().nullable(),
      vector_rank: z.number().nullable(),
      category: z.string().nullable(),
      headline: z.string().nullable(),
      summary: z.string().nullable(),
      object_key: z.string(),
      version: z.number(),
    }),
  ),
});
const failure = z.object({
  error: z.object({ message: z.string(), problems: z.array(z.string()).optional() }),
});

export type ImageHits = z.infer<typeof answer>;

/** The image search answered with an error. */
export class ImageSearchRefusedError extends VectorkeepError {
  constructor(status: number, message: string, problems: readonly string[] = []) {
    super(
      `The image search answered ${status}: ${message}${problems.map((problem) => `\n  - ${problem}`).join("")}`,
      "",
    );
  }
}

/** The user has no key for the image search. */
export class ImageUserUnknownError extends VectorkeepError {
  constructor(user: string, known: readonly string[]) {
    super(
      `The user ${user} has no key for the image search; these have: ${known.join(", ") || "none"}.`,
      "Add it to images:users and deploy.",
    );
  }
}

/** Searches as a user, with the user's key from the stack. */
export async function searchAs(
  user: string,
  query: Readonly<Record<string, string>>,
  { searchUrl, searchKeysSecret }: ImagesOutputs,
): Promise<ImageHits> {
  const key = await keyOf(user, { searchKeysSecret });
  const response = await fetch(`${searchUrl}/images/search?${new URLSearchParams(query)}`, {
    headers: { "x-api-key": key },
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer.parse(body);
  const { message, problems } = failure.safeParse(body).data?.error ?? { message: JSON.stringify(body) };
  throw new ImageSearchRefusedError(response.status, message, problems);
}

/** Returns the key of a user. Throws ImageUserUnknownError. */
export async function keyOf(
  user: string,
  { searchKeysSecret }: Pick<ImagesOutputs, "searchKeysSecret">,
): Promise<string> {
  const secret: unknown = JSON.parse(await readSecret(searchKeysSecret, "images:users"));
  const keys = z.record(z.string(), z.string()).parse(secret);
  const key = keys[user];
  if (key === undefined) throw new ImageUserUnknownError(user, Object.keys(keys));
  return key;
}
