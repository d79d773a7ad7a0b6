import type { TextLine } from "./read-text.ts";

/** A category that the local model distinguishes. */
interface Category {
  /** Words as they stand on such images; their vector is compared with that of the text. */
  readonly words: string;
  /** Lines that speak for it. */
  readonly lines: RegExp;
}

export const categories: Readonly<Record<string, Category>> = {
  menu: {
    words: "restaurant menu, starters, main courses, desserts, drinks, prices of dishes, cafe, lunch special",
    lines: /[a-z]{3}.* [€$£]?\d{1,3}[.,]\d\d$/i,
  },
  recipe: {
    words: "recipe, ingredients, method, preheat the oven, stir, bake, serves four, flour, butter, sugar",
    lines: /\b(ingredients|method|serves|oven|bake|simmer|stir|whisk)\b|\b\d+ ?(g|ml|tbsp|tsp)\b/i,
  },
  ticket: {
    words: "ticket, admit one, concert, seat, row, gate, doors open, boarding pass, entrance",
    lines: /\b(admit|ticket|entry|seat|row|gate|single|valid on|doors open|adult)\b/i,
  },
  timetable: {
    words: "timetable, departures, arrivals, platform, train, bus, line, station, schedule of trips",
    lines: /^\D{0,3}\d\d?:\d\d\b.*\w$/,
  },
  checklist: {
    words: "checklist, to do list, things to pack, shopping list, tasks, done, remember to buy",
    // A box to tick is read as a bracket and a letter or two.
    lines: /^\[\S{0,2} |\b(checklist|packing|to do)\b/i,
  },
  notice: {
    words: "notice, announcement, opening hours, closed, public information, rules, sign on a door",
    lines:
      /^(open|closed|lost \w+|reminder|attention|notice|warning)$|\b(please|reopens?|missing|reward|no \w+ing)\b/i,
  },
  poster: {
    words: "poster, festival, exhibition, live music, sale, event on saturday, join us",
    lines: /\b(festival|market|free entry|welcome|every \w+day|yoga|live)\b/i,
  },
  form: {
    words: "form, invoice, letter, name, address, date, signature, total amount, please fill in",
    lines: /\b(signature|date of birth|invoice|amount due|dear)\b/i,
  },
};

/** The category of an image without text. */
export const withoutText = "picture";

/** The weight of a line relative to the similarity of words, which differs little between categories. */
const lineWeight = 0.08;
const maxLines = 4;

/** Returns what lines add to the similarity of a category. */
export function evidence({ lines }: Category, read: readonly TextLine[]): number {
  const found = read.filter(({ text }) => lines.test(text)).length;
  return lineWeight * Math.min(found, maxLines);
}
