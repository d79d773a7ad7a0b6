import { nameLike } from "../records/same-name.ts";
import { type ProcessRequest, usualNames } from "../requests/process-request.ts";
import { MetabaseMissingError } from "../sources/make-plan.ts";
import { cardOf, type MetabaseOptions, namesOf, takesDates } from "../sources/metabase.ts";
import { QuestionUnsupportedError } from "./preflight-errors.ts";

/**
 * Throws if a question does not exist, is not accessible, or does not support the request. The columns are those of its
 * last result, if Metabase knows them.
 */
export async function checkQuestion(
  request: ProcessRequest,
  metabase: MetabaseOptions | undefined,
): Promise<void> {
  if (metabase === undefined) throw new MetabaseMissingError();
  const card = await cardOf(metabase, request.question_id);
  const names = namesOf(request);
  const { columns } = card;
  if (columns === undefined || columns.length === 0) return;
  const { id_column = usualNames.id_column, text_column = usualNames.text_column } = request;
  const problems = [id_column, text_column]
    .filter((name) => nameLike(name, columns) === undefined)
    .map((name) => `it has no column ${name}`);
  const isDated = takesDates(card, names) || nameLike(request.date_column, columns) !== undefined;
  if (request.date_column_required && !isDated) {
    problems.push(`it has neither variables for the dates nor a column ${request.date_column}`);
  }
  if (problems.length > 0) {
    const shown = JSON.stringify(columns.slice(0, 50));
    throw new QuestionUnsupportedError(
      request.question_id,
      `${problems.join("; ")}; its columns are ${shown}`,
    );
  }
}
