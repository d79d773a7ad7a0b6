import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { randomFrom } from "../random.ts";

const seed = 100_000;
const rowsPerBatch = 1_000;
const subjects = [
  "oven",
  "freezer",
  "mixer",
  "kettle",
  "carpet brush",
  "garden lamp",
  "coffee machine",
  "fan",
];
const complaints = ["is loud", "leaks", "does not start", "beeps all night", "was sent twice", "arrived wet"];
const cities = ["Kassel", "Zürich", "São Paulo", "Łódź", "東京", "Cork"];

/** Writes a CSV of `rows` rows, each with its own text; the same count gives the same file. Returns its size in bytes. */
export async function writeRows(path: string, rows: number): Promise<number> {
  await pipeline(Readable.from(pieces(rows)), createWriteStream(path));
  return (await stat(path)).size;
}

function* pieces(rows: number): Generator<string> {
  const random = randomFrom(seed);
  yield "id,formatted_text,created_at,postcode,amount,city,remark\n";
  for (let first = 0; first < rows; first += rowsPerBatch) {
    const count = Math.min(rowsPerBatch, rows - first);
    yield Array.from({ length: count }, (_, place) => rowOf(first + place, random)).join("");
  }
}

/** Two rows of three have a text of several lines; every fourth a quote, every fifth a remark of several lines. */
export function rowOf(number: number, random: () => number): string {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? "";
  const begin = `Ticket ${number}: the ${pick(subjects)} ${pick(complaints)}`;
  const lines =
    number % 3 === 0 ? "" : `\nThe customer from ${pick(cities)} asks for an answer,\nand for a visit`;
  const said = number % 4 === 0 ? ', and said ""never again""' : "";
  const remark = number % 5 === 0 ? '"called twice,\r\nno answer"' : "";
  const day = String(1 + (number % 28)).padStart(2, "0");
  const amount = `"${1 + Math.floor(random() * 9)},${100 + Math.floor(random() * 900)}.50"`;
  const postcode = String(Math.floor(random() * 1e5)).padStart(5, "0");
  return `${number},"${begin}${said}${lines}",2026-01-${day}T08:00:00Z,${postcode},${amount},${pick(cities)},${remark}\n`;
}
