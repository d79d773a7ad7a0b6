import type { AwsError } from "../../../protocol/service.ts";
import type { AttributeValue } from "../values/attribute-value.ts";
import { validationError } from "../values/validation.ts";
import type { Path } from "./paths.ts";
import type { Placeholders } from "./placeholders.ts";
import { isReservedWord } from "./reserved-words.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** DynamoDB's limits of one expression, which bound the cost of parsing and evaluating it. */
const maxBytes = 4096;
const maxOperators = 300;
const maxPathDepth = 32;

const end: Token = { kind: "end", text: "<EOF>" };

/** Reads the tokens of one expression, never one of them twice. */
export class ExpressionReader {
  /** The name of the request's parameter, such as `ConditionExpression`. */
  readonly #kind: string;
  readonly #placeholders: Placeholders;
  readonly #tokens: readonly Token[];
  #at = 0;
  #operators = 0;
  #depth = 0;

  constructor(kind: string, text: unknown, placeholders: Placeholders) {
    this.#kind = kind;
    this.#placeholders = placeholders;
    if (typeof text !== "string") throw this.error("The expression is not a text");
    if (text.trim() === "") throw this.error("The expression can not be empty");
    const bytes = Buffer.byteLength(text);
    if (bytes > maxBytes) {
      throw this.error(`Expression size has exceeded the maximum allowed size; expression size: ${bytes}`);
    }
    this.#tokens = tokensOf(text);
  }

  get next(): Token {
    return this.#tokens[this.#at] ?? end;
  }

  get afterNext(): Token {
    return this.#tokens[this.#at + 1] ?? end;
  }

  take(): Token {
    const token = this.next;
    this.#at += 1;
    return token;
  }

  isSymbol(symbol: string): boolean {
    return this.next.kind === "symbol" && this.next.text === symbol;
  }

  /** Keywords are written in any case. */
  isKeyword(keyword: string): boolean {
    return this.next.kind === "word" && this.next.text.toUpperCase() === keyword;
  }

  takeIf(is: boolean): boolean {
    if (is) this.#at += 1;
    return is;
  }

  takeSymbol(symbol: string): void {
    if (!this.takeIf(this.isSymbol(symbol))) throw this.syntaxError();
  }

  takeEnd(): void {
    if (this.next.kind !== "end") throw this.syntaxError();
  }

  countOperator(): void {
    this.#operators += 1;
    if (this.#operators > maxOperators) {
      throw this.error(`The expression contains too many operators; operator count: ${this.#operators}`);
    }
  }

  /**
   * Parses a part in parentheses. The depth is limited by the number of operators, because deeper nesting is pointless.
   */
  nested<Part>(read: () => Part): Part {
    this.takeSymbol("(");
    this.#depth += 1;
    if (this.#depth > maxOperators) throw this.error("The expression has redundant parentheses;");
    const part = read();
    this.takeSymbol(")");
    this.#depth -= 1;
    return part;
  }

  /** `a.#b[3].c` */
  path(): Path {
    const path: (string | number)[] = [this.#attributeName()];
    for (;;) {
      if (this.takeIf(this.isSymbol("."))) path.push(this.#attributeName());
      else if (this.takeIf(this.isSymbol("["))) path.push(this.#index());
      else break;
    }
    if (path.length > maxPathDepth) throw this.error("The document path has too many nesting elements");
    return path;
  }

  /** Parses a `:value`; undefined if something else follows. */
  value(): AttributeValue | undefined {
    if (this.next.kind !== "value") return undefined;
    const { text } = this.take();
    const value = this.#placeholders.value(text);
    if (value !== undefined) return value;
    throw this.error(
      `An expression attribute value used in expression is not defined; attribute value: ${text}`,
    );
  }

  list<Part>(read: () => Part): Part[] {
    const parts = [read()];
    while (this.takeIf(this.isSymbol(","))) parts.push(read());
    return parts;
  }

  error(problem: string): AwsError {
    return validationError(`Invalid ${this.#kind}: ${problem}`);
  }

  syntaxError(): AwsError {
    const near = this.#tokens
      .slice(Math.max(0, this.#at - 1), this.#at + 2)
      .filter(({ kind }) => kind !== "end")
      .map(({ text }) => text)
      .join(" ");
    return this.error(`Syntax error; token: "${this.next.text}", near: "${near}"`);
  }

  #attributeName(): string {
    const { kind, text } = this.next;
    if (kind === "word") {
      if (isReservedWord(text)) {
        throw this.error(`Attribute name is a reserved keyword; reserved keyword: ${text}`);
      }
      return this.take().text;
    }
    if (kind !== "name") throw this.syntaxError();
    this.take();
    const name = this.#placeholders.name(text);
    if (name !== undefined) return name;
    throw this.error(
      `An expression attribute name used in the document path is not defined; attribute name: ${text}`,
    );
  }

  #index(): number {
    if (this.next.kind !== "number") throw this.syntaxError();
    const index = Number(this.take().text);
    if (!Number.isSafeInteger(index)) throw this.error("List index is not within the allowable range");
    this.takeSymbol("]");
    return index;
  }
}
