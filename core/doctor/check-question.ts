import { cardOf, type MetabaseOptions, takesDates } from "../catchup/sources/metabase.ts";
import { type Finding, ok, warn } from "./check.ts";

/** Checks the default question of tasks. Without one, every task must specify its question. */
export async function checkQuestion(
  metabase: MetabaseOptions,
  question: string | undefined,
): Promise<Finding[]> {
  if (question === undefined) return [await checkKey(metabase)];
  const card = await cardOf(metabase, question);
  const named = card.variables.map(({ name }) => name).join(", ") || "none";
  if (takesDates(card, metabase.names)) {
    return [ok(`Metabase accepts the key, and question ${question} accepts dates (variables: ${named}).`)];
  }
  return [
    warn(
      `Metabase accepts the key, but question ${question} accepts no dates (variables: ${named}), so each task reads all its rows.`,
      "Add variables for the start and end date, or a field filter on the date column.",
    ),
  ];
}

async function checkKey({ url, apiKey }: MetabaseOptions): Promise<Finding> {
  const answer = await fetch(`${url}/api/user/current`, { headers: { "x-api-key": apiKey } });
  await answer.body?.cancel();
  if (answer.ok)
    return ok("Metabase accepts the key. No default question is set, so every task must name one.");
  return {
    status: "fail",
    says: `Metabase at ${url} rejects the key (HTTP ${answer.status}).`,
    todo: "Check the secret catchup:metabaseApiKey and the key's group in Metabase.",
  };
}
