import { foldText } from "../../core/search/lexical/fold-text.ts";
import { randomFrom } from "../random.ts";
import type { CorpusReceipt, CorpusRow } from "./corpus.ts";
import { isSameDay, monthNames, readDate } from "./dates.ts";
import { misspelt } from "./misspell.ts";
import { paraphrases } from "./paraphrases.ts";

export interface Question {
  readonly kind: string;
  readonly text: string;
  /** Numbers of the rows that answer it. */
  readonly relevant: ReadonlySet<number>;
}

const totalWord = /total|amount due|amt due|\bjumlah\b|grand|balance due|to pay/i;
const deadLetterRow = /[a-z]{3,}.*[a-z]{3,}/i;
/** A row that says something of the sale rather than of a good. */
const aboutTheSale =
  /total|cash|change|tax|gst|sst|visa|card|round|thank|invoice|receipt|\btel\b|fax|jalan|\bjln\b|sdn|bhd|date|time|cashier|amount|discount|qty|member|table|summary|please|goods|kuala|selangor|johor|no[.:]/i;

/**
 * Questions from what is printed on receipts; which rows answer one is decided by strings and labels alone. A question
 * that no row answers is left out. The same receipts give the same questions.
 */
export function questionsOf(receipts: readonly CorpusReceipt[]): Question[] {
  const rows = receipts.flatMap((receipt) => receipt.rows);
  const folded = rows.map((row) => foldText(row.text));
  const random = randomFrom(20_181_231);
  const questions: Question[] = [];
  const ask = (kind: string, text: string, relevant: Iterable<CorpusRow>) => {
    const numbers = new Set(Array.from(relevant, (row) => row.number));
    if (numbers.size > 0) questions.push({ kind, text, relevant: numbers });
  };
  const containing = (text: string) => {
    const wanted = foldText(text);
    return rows.filter((row) => folded[row.number]?.includes(wanted));
  };
  const ofCompany = Map.groupBy(receipts, (receipt) => receipt.facts.company);
  const items = itemRows(receipts);

  for (const company of ofCompany.keys()) {
    if (!company) continue;
    const named = merchantRows(company, ofCompany.get(company) ?? []);
    ask("merchant", company, named);
    ask("merchant, misspelt", misspelt(company, random), named);
  }
  for (const { facts } of receipts) {
    const { company, total, date, address } = facts;
    if (company && total) {
      const amount = amountIn(total);
      const paid = (ofCompany.get(company) ?? []).flatMap((receipt) => totalRows(receipt));
      ask("how much at merchant", `how much did I pay at ${company}`, paid);
      ask(
        "total of amount",
        `total ${amount}`,
        rows.filter((row) => totalWord.test(row.text) && hasAmount(row, amount)),
      );
      ask(
        "amount",
        amount,
        rows.filter((row) => hasAmount(row, amount)),
      );
    }
    if (date) {
      ask("date as printed", date, containing(date));
      const day = readDate(date);
      if (day) {
        const sameDay = receipts.filter((other) => isSameDay(day, readDate(other.facts.date ?? "")));
        ask(
          "date in words",
          `${day.day} ${monthNames[day.month - 1]} ${day.year}`,
          sameDay.flatMap(dateRows),
        );
      }
      if (company) {
        const others = (ofCompany.get(company) ?? []).flatMap((receipt) => dateRows(receipt));
        ask("when at merchant", `when was I at ${company}`, others);
      }
    }
    if (address) {
      ask("address", address, addressRows(address, rows));
      ask(
        "part of address",
        address.split(",").slice(-2).join(",").trim(),
        addressRows(address.split(",").slice(-2).join(","), rows),
      );
    }
  }
  for (const item of items) {
    const answers = containing(item);
    ask("item", item.toLowerCase(), answers);
    ask("item, misspelt", misspelt(item, random), answers);
    const words = item.split(" ").filter((word) => /^[a-z]{3,}$/i.test(word));
    if (words.length > 2) {
      const two = words.slice(0, 2).map((word) => word.toLowerCase());
      ask(
        "two words of item",
        two.join(" "),
        rows.filter((row) => two.every((word) => folded[row.number]?.includes(word))),
      );
    }
  }
  for (const { question, answer } of paraphrases)
    ask(
      "paraphrase",
      question,
      rows.filter((row) => answer.test(row.text)),
    );
  return questions;
}

/** The rows of the receipts that contain most of the company's words. */
function merchantRows(company: string, receipts: readonly CorpusReceipt[]): CorpusRow[] {
  const words = wordsOf(company);
  return receipts.flatMap(({ rows }) =>
    rows.filter((row) => share(words, new Set(wordsOf(row.text))) >= 0.6),
  );
}

function addressRows(address: string, rows: readonly CorpusRow[]): CorpusRow[] {
  const wanted = new Set(wordsOf(address));
  return rows.filter((row) => {
    const words = wordsOf(row.text);
    return words.length >= 2 && share(words, wanted) >= 0.6;
  });
}

function totalRows({ facts, rows }: CorpusReceipt): CorpusRow[] {
  const amount = facts.total && amountIn(facts.total);
  return amount ? rows.filter((row) => totalWord.test(row.text) && hasAmount(row, amount)) : [];
}

function dateRows({ facts, rows }: CorpusReceipt): CorpusRow[] {
  const date = facts.date && foldText(facts.date);
  return date ? rows.filter((row) => foldText(row.text).includes(date)) : [];
}

/** At most four goods of each receipt, without their numbers, each once. */
function itemRows(receipts: readonly CorpusReceipt[]): string[] {
  const items = new Set<string>();
  for (const { rows } of receipts) {
    let taken = 0;
    const end = rows.findIndex(({ position, text }) => position > 3 && totalWord.test(text));
    for (const { text } of rows.slice(4, end)) {
      if (taken === 4) break;
      const item = /^[^a-z]*([a-z][a-z &/'()-]{6,}[a-z)])/i.exec(text)?.[1]?.trim();
      if (!item || aboutTheSale.test(text) || !deadLetterRow.test(item) || item.split(" ").length > 7)
        continue;
      items.add(item.replace(/\s+/g, " "));
      taken++;
    }
  }
  return [...items];
}

function amountIn(text: string): string {
  return /\d[\d,]*\.\d{2}/.exec(text)?.[0].replaceAll(",", "") ?? "";
}

function hasAmount({ text }: CorpusRow, amount: string): boolean {
  return (
    amount !== "" &&
    [...text.matchAll(/\d[\d,]*\.\d{2}(?!\d)/g)].some(([found]) => found.replaceAll(",", "") === amount)
  );
}

function wordsOf(text: string): string[] {
  return foldText(text).match(/[\p{L}\p{N}]+/gu) ?? [];
}

function share(words: readonly string[], wanted: ReadonlySet<string>): number {
  return words.length === 0 ? 0 : words.filter((word) => wanted.has(word)).length / words.length;
}
