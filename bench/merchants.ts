import { existsSync } from "node:fs";
import type { Candidate } from "../core/merchants/candidate.ts";
import { decide, usualThreshold } from "../core/merchants/decide.ts";
import { similarCandidates } from "../core/merchants/neighbours.ts";
import { placeCandidate } from "../core/merchants/place-candidates.ts";
import { placeQueries } from "../core/merchants/place-queries.ts";
import { placesPerQuery } from "../core/merchants/places/ask-places.ts";
import { type ReceiptWords, receiptWords } from "../core/merchants/receipt-words.ts";
import { PlaceDirectory } from "../local/providers/places/directory.ts";
import { placesOfKeys } from "../local/providers/places/entries.ts";
import { KnownReceipts } from "./merchants/known-receipts.ts";
import { type MerchantsBenchOptions, merchantsBenchOptions, usage } from "./merchants/options.ts";
import { type Measured, missLines, type Outcome, passes, tableLines } from "./merchants/report.ts";
import { isSameCompany } from "./merchants/same-company.ts";
import { randomFrom } from "./random.ts";
import { type CorpusReceipt, readCorpus } from "./search/corpus.ts";

interface Labelled {
  readonly receipt: CorpusReceipt;
  readonly company: string;
  readonly address: string;
  readonly words: ReceiptWords;
}

async function main(): Promise<void> {
  const options = merchantsBenchOptions(process.argv.slice(2));
  if (options.help) return console.log(usage);
  if (!existsSync(options.folder)) {
    return console.log(`Skipped: there are no receipts with key.json in ${options.folder} (--folder).`);
  }
  const labelled = (await readCorpus(options.folder)).flatMap(labelledOf);
  const measured = await measure(labelled, options);
  console.log(`${labelled.length} receipts with a key; part ${options.part}, seed ${options.seed}\n`);
  for (const line of tableLines(measured)) console.log(line);
  if (options.misses) for (const line of measured.flatMap(missLines)) console.log(line);
  if (!measured.every(passes)) process.exitCode = 1;
}

async function measure(labelled: readonly Labelled[], options: MerchantsBenchOptions): Promise<Measured[]> {
  const shuffled = shuffle(labelled, randomFrom(options.seed));
  const half = Math.floor(shuffled.length / 2);
  const part = { development: shuffled.slice(0, half), report: shuffled.slice(half), all: shuffled }[
    options.part
  ];
  const isKnown = new Set(shuffle(labelled, randomFrom(options.seed + 1)).slice(0, half));
  const unknown = part.filter((one) => !isKnown.has(one));
  const known = await KnownReceipts.of(
    [...isKnown].map(({ receipt, company, address }) => ({
      receipt,
      facts: { merchant_name: company, ...(address !== "" && { address }) },
    })),
  );
  const similar = async ({ words }: Labelled) => similarCandidates(words, await known.near(words));
  const occurs = unknown.filter(({ company }) =>
    [...isKnown].some((one) => isSameCompany(one.company, company)),
  );
  const newToAll = unknown.filter((one) => !occurs.includes(one));

  const entries = await placesOfKeys(options.folder);
  const places = await PlaceDirectory.of(entries);
  const without = async ({ words, company }: Labelled) => {
    const others = entries.filter(({ name }) => !isSameCompany(name, company));
    return placesOf(words, await PlaceDirectory.of(others));
  };
  const ofPlaces = async ({ words }: Labelled) => placesOf(words, places);
  const both = async (one: Labelled) => {
    const first = await similar(one);
    return decide(first, usualThreshold).kind === "resolved" ? first : [...first, ...(await ofPlaces(one))];
  };
  return [
    await measured("similar receipts, half known, merchant among them", occurs, similar, {
      precision: 0.97,
      coverage: 0.5,
    }),
    await measured("similar receipts, half known, merchant not among them", newToAll, similar),
    await measured("places, none known", part, ofPlaces, { precision: 0.97, coverage: 0.8 }),
    await measured("places without the merchant", part, without),
    await measured("both, half known", unknown, both, { precision: 0.97, coverage: 0.8 }),
  ];
}

async function measured(
  name: string,
  receipts: readonly Labelled[],
  candidates: (one: Labelled) => Promise<Candidate[]>,
  wanted?: Measured["wanted"],
): Promise<Measured> {
  const outcomes: Outcome[] = [];
  for (const one of receipts) {
    const decision = decide(await candidates(one), usualThreshold);
    const found = decision.kind === "none" ? undefined : decision.best;
    outcomes.push({
      receipt: one.receipt.key,
      company: one.company,
      resolved: decision.kind === "resolved" ? found?.facts.merchant_name : undefined,
      proposed: decision.kind === "proposed" ? found?.facts.merchant_name : undefined,
      evidence: found?.evidence.map(({ kind, printed }) => `${kind} ${printed}`).join("; ") ?? "",
    });
  }
  return { name, outcomes, ...(wanted && { wanted }) };
}

function placesOf(words: ReceiptWords, directory: PlaceDirectory): Candidate[] {
  return placeQueries(words).flatMap(({ text }) =>
    directory
      .search(text)
      .slice(0, placesPerQuery)
      .flatMap(({ id, name, address, phone, website }) => {
        const facts = { merchant_name: name, address, place_id: id };
        return placeCandidate(words, {
          ...facts,
          ...(phone !== undefined && { phone_number: phone }),
          ...(website !== undefined && { website }),
        });
      }),
  );
}

function labelledOf(receipt: CorpusReceipt): Labelled[] {
  const { company, address = "" } = receipt.facts;
  if (company === undefined || company === "") return [];
  return [{ receipt, company, address, words: receiptWords(receipt.rows.map(({ text }) => text)) }];
}

function shuffle<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((value) => ({ value, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ value }) => value);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
