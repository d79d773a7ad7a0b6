import { inParallel } from "../../resilience/in-parallel.ts";
import type { Candidate, MerchantFacts } from "../candidate.ts";
import { placeCandidate } from "../place-candidates.ts";
import { placeQueries } from "../place-queries.ts";
import type { ReceiptWords } from "../receipt-words.ts";
import type { PlaceAnswers } from "./place-answers.ts";
import type { PlacesBudget } from "./places-budget.ts";
import type { PlacesClient } from "./places-client.ts";

/** The details of each place cost money, and the right one is among the first. */
export const placesPerQuery = 2;

export interface PlacesDeps {
  readonly client: Pick<PlacesClient, "search" | "details">;
  readonly answers: PlaceAnswers;
  readonly budget: PlacesBudget;
  /** Called once per place whose details are paid for. */
  readonly onPaid: () => void;
}

/** Returns the places that share evidence with a receipt. Stops once `isEnough` returns true, to save costs. */
export async function askPlaces(
  words: ReceiptWords,
  deps: PlacesDeps,
  isEnough: (candidates: readonly Candidate[]) => boolean,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const { key, text } of placeQueries(words)) {
    const places = await deps.answers.get(key, () => ask(text, deps));
    candidates.push(...places.flatMap((facts) => placeCandidate(words, facts)));
    if (isEnough(candidates)) break;
  }
  return candidates;
}

async function ask(text: string, { client, budget, onPaid }: PlacesDeps): Promise<MerchantFacts[]> {
  const ids = await client.search(text, placesPerQuery);
  const places: (MerchantFacts | undefined)[] = [];
  await inParallel([...ids.slice(0, placesPerQuery).entries()], placesPerQuery, async ([at, id]) => {
    await budget.book();
    onPaid();
    places[at] = await client.details(id);
  });
  return places.filter((place) => place !== undefined);
}
