import { cardOf, type MetabaseOptions, takesDates } from "../catchup/sources/metabase.ts";
import { type Finding, ok, warn } from "./check.ts";

/** The question that tasks are answered from unless they name another; undefined where they all have to. */
export async function checkQuestion(
  metabase: MetabaseOptions,
  question: string | undefined,
): Promise<Finding[]> {
  if (question === undefined) return [await checkKey(metabase)];
  const card = await cardOf(metabase, question);
  const named = card.variables.map(({ name }) => name).join(", ") || "none";
  if (takesDates(card, metabase.names)) {
    return [ok(`Metabase takes the key, and question ${question} takes the dates (variables: ${named}).`)];
  }
  return [
    warn(
      `Metabase takes the key; question ${question} takes no dates (variables: ${named}), so that each task reads all its rows.`,
      "Give it variables for the first and the last day, or a field filter on the column of dates.",
    ),
  ];
}

async function checkKey({ url, apiKey }: MetabaseOptions): Promise<Finding> {
  const answer = await fetch(`${url}/api/user/current`, { headers: { "x-api-key": apiKey } });
  await answer.body?.cancel();
  if (answer.ok) return ok("Metabase takes the key. No question is set, so every task names its own.");
  return {
    status: "fail",
    says: `Metabase at ${url} refuses the key (HTTP ${answer.status}).`,
    todo: "Check the secret catchup:metabaseApiKey and the group that the key belongs to.",
  };
}
