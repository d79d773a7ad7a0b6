import { foldText } from "./fold-text.ts";

/** `whole`: an amount, a date or a code, which matters as a whole. */
export interface Token {
  readonly text: string;
  readonly kind: "word" | "whole" | "ideographs";
}

const tokenForm =
  /\p{Script=Han}+|[\p{Script=Hiragana}\p{Script=Katakana}ー]+|[\p{L}\p{N}]+(?:[.,:/'-][\p{L}\p{N}]+)*/gu;
const ideographs = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]+$/u;
const amountForm = /^\d{1,3}(?:,\d{3})+\.\d{1,2}$|^\d+[.,]\d{1,2}$/;
const currencyForm = /^(?:rm|usd|eur|gbp|myr|sgd)(?=\d)/;

/** The tokens of a text in order. Amounts are normalised, whatever their separators ("1,234.50" -> "1234.50"). */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  for (const [match] of foldText(text).matchAll(tokenForm)) {
    if (ideographs.test(match)) found.push({ text: match, kind: "ideographs" });
    else if (/\p{N}/u.test(match)) found.push({ text: wholeOf(match), kind: "whole" });
    else for (const word of match.split(/[.,:/'-]/)) found.push({ text: word, kind: "word" });
  }
  return found;
}

function wholeOf(token: string): string {
  const bare = token.replace(currencyForm, "");
  return amountForm.test(bare) ? normalAmount(bare) : bare;
}

function normalAmount(amount: string): string {
  const decimals = /[.,](\d{1,2})$/.exec(amount)?.[1] ?? "";
  const whole = amount.slice(0, amount.length - decimals.length - 1).replace(/[.,]/g, "");
  return `${whole}.${decimals.padEnd(2, "0")}`;
}
