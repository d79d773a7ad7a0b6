/** A calendar day as `YYYY-MM-DD`. */
export type Day = string;

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/** Month names in the languages of the samples: English, Malay, German, French, Spanish. */
const monthNames: Readonly<Record<string, number>> = {
  ...Object.fromEntries(months.map((name, index) => [name, index + 1])),
  mac: 3,
  mei: 5,
  ogo: 8,
  ogos: 8,
  okt: 10,
  dis: 12,
  mar: 3,
  mär: 3,
  mai: 5,
  dez: 12,
  fév: 2,
  fev: 2,
  avr: 4,
  juin: 6,
  juil: 7,
  aoû: 8,
  aou: 8,
  déc: 12,
  ene: 1,
  abr: 4,
  ago: 8,
  dic: 12,
  sept: 9,
};

const yearFirst = /(?<![\p{L}\d])(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)/gu;
const dayFirst = /(?<![\p{L}\d/.-])(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)/gu;
const dayNamed =
  /(?<!\d)(\d{1,2})(?:st|nd|rd|th)?[ \-/.]{0,2}(\p{L}{3,9})[ \-/.,]{0,2}(\d{4}|\d{2})(?!\d)/giu;
const monthNamed = /(\p{L}{3,9})[ .]{1,2}(\d{1,2})(?:st|nd|rd|th)?,? {1,2}(\d{4})(?!\d)/giu;
const ideographic = /(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日/g;

/** All days in a text, grouped by notation. A date that could be day first or month first is read as day first. */
export function daysIn(text: string): Day[] {
  const found: Day[] = [];
  const add = (year: string | undefined, month: number | undefined, day: string | undefined) => {
    const made = dayOf(Number(year), month ?? 0, Number(day));
    if (made && !found.includes(made)) found.push(made);
  };
  for (const [, year, , month, day] of text.matchAll(yearFirst)) add(year, Number(month), day);
  for (const [, first, , second, year] of text.matchAll(dayFirst)) {
    if (Number(second) <= 12) add(year, Number(second), first);
    else add(year, Number(first), second);
  }
  for (const [, day, month, year] of text.matchAll(dayNamed)) add(year, monthOf(month), day);
  for (const [, month, day, year] of text.matchAll(monthNamed)) add(year, monthOf(month), day);
  for (const [, year, month, day] of text.matchAll(ideographic)) add(year, Number(month), day);
  return found;
}

function monthOf(name = ""): number | undefined {
  const lower = name.toLowerCase();
  return monthNames[lower] ?? monthNames[lower.slice(0, 4)] ?? monthNames[lower.slice(0, 3)];
}

function dayOf(year: number, month: number, day: number): Day | undefined {
  const whole = year < 100 ? 2000 + year : year;
  const date = new Date(Date.UTC(whole, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || whole < 1970 || whole > 2099)
    return undefined;
  return date.toISOString().slice(0, 10);
}
