import { isDeepStrictEqual } from "node:util";
import { type AttributeType, attributeTypes, typeOf } from "../values/attribute-value.ts";
import { compareValues } from "../values/compare.ts";
import type { Comparator, Condition, Operand } from "./condition.ts";
import { ExpressionReader } from "./expression-reader.ts";
import { pathText } from "./paths.ts";
import type { Placeholders } from "./placeholders.ts";

type Node = Operand | Condition;

const comparators: readonly string[] = ["=", "<>", "<", "<=", ">", ">="];
const ordered: readonly AttributeType[] = ["S", "N", "B"];
const sized: readonly AttributeType[] = ["S", "B", "SS", "NS", "BS", "L", "M"];
const maxCandidates = 100;

/** Reads a ConditionExpression, FilterExpression or KeyConditionExpression, in time linear in its length. Throws AwsError. */
export function readCondition(kind: string, text: unknown, placeholders: Placeholders): Condition {
  return new ConditionReader(new ExpressionReader(kind, text, placeholders)).read();
}

class ConditionReader {
  readonly #reader: ExpressionReader;
  /** The node that stood in the last pair of parentheses. */
  #parenthesized: Node | undefined;

  constructor(reader: ExpressionReader) {
    this.#reader = reader;
  }

  read(): Condition {
    const condition = this.#condition(this.#or());
    this.#reader.takeEnd();
    return condition;
  }

  #or(): Node {
    return this.#joined("or", () => this.#joined("and", () => this.#not()));
  }

  #joined(kind: "and" | "or", part: () => Node): Node {
    const first = part();
    if (!this.#reader.isKeyword(kind.toUpperCase())) return first;
    const parts = [this.#condition(first)];
    while (this.#reader.takeIf(this.#reader.isKeyword(kind.toUpperCase()))) {
      this.#reader.countOperator();
      parts.push(this.#condition(part()));
    }
    return { kind, parts };
  }

  #not(): Node {
    if (!this.#reader.takeIf(this.#reader.isKeyword("NOT"))) return this.#comparison();
    this.#reader.countOperator();
    return { kind: "not", part: this.#condition(this.#not()) };
  }

  #comparison(): Node {
    const reader = this.#reader;
    const left = this.#primary();
    if (reader.next.kind === "symbol" && comparators.includes(reader.next.text)) {
      const comparator = reader.take().text as Comparator;
      reader.countOperator();
      const [one, two] = [this.#operand(left), this.#operand(this.#primary())];
      if (comparator !== "=" && comparator !== "<>") this.#requireTypes(comparator, ordered, one, two);
      this.#requireDistinct(comparator, one, [two]);
      return { kind: "compare", comparator, left: one, right: two };
    }
    if (reader.takeIf(reader.isKeyword("BETWEEN"))) return this.#between(this.#operand(left));
    if (reader.takeIf(reader.isKeyword("IN"))) return this.#in(this.#operand(left));
    return left;
  }

  #between(operand: Operand): Condition {
    this.#reader.countOperator();
    const lower = this.#operand(this.#primary());
    if (!this.#reader.takeIf(this.#reader.isKeyword("AND"))) throw this.#reader.syntaxError();
    const upper = this.#operand(this.#primary());
    this.#requireTypes("BETWEEN", ordered, operand, lower, upper);
    this.#requireDistinct("BETWEEN", operand, [lower, upper]);
    if (lower.kind === "value" && upper.kind === "value") {
      const order = compareValues(lower.value, upper.value);
      const bounds = `lower bound operand: AttributeValue: ${JSON.stringify(lower.value)}, upper bound operand: AttributeValue: ${JSON.stringify(upper.value)}`;
      if (order === undefined) {
        throw this.#reader.error(
          `The BETWEEN operator requires same data type for lower and upper bounds; ${bounds}`,
        );
      }
      if (order > 0) {
        throw this.#reader.error(
          `The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ${bounds}`,
        );
      }
    }
    return { kind: "between", operand, lower, upper };
  }

  #in(operand: Operand): Condition {
    this.#reader.countOperator();
    const candidates = this.#reader.nested(() => this.#reader.list(() => this.#operand(this.#primary())));
    if (candidates.length > maxCandidates) throw this.#operandCount("IN", candidates.length);
    this.#requireDistinct("IN", operand, candidates);
    return { kind: "in", operand, candidates };
  }

  #primary(): Node {
    const reader = this.#reader;
    if (reader.isSymbol("(")) {
      const node = reader.nested(() => this.#or());
      if (node === this.#parenthesized) throw reader.error("The expression has redundant parentheses;");
      this.#parenthesized = node;
      return node;
    }
    const value = reader.value();
    if (value !== undefined) return { kind: "value", value };
    const { kind, text } = reader.afterNext;
    if (reader.next.kind === "word" && kind === "symbol" && text === "(") return this.#function();
    return { kind: "path", path: reader.path() };
  }

  #function(): Node {
    const reader = this.#reader;
    const name = reader.take().text;
    reader.countOperator();
    const read = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    if (read === undefined) {
      throw reader.error(
        name === "if_not_exists" || name === "list_append"
          ? `The function is not allowed in a condition expression; function: ${name}`
          : `Invalid function name; function: ${name}`,
      );
    }
    const operands = reader.nested(() =>
      reader.isSymbol(")") ? [] : reader.list(() => this.#operand(this.#primary())),
    );
    const [first, second] = operands;
    const wanted = name === "attribute_exists" || name === "attribute_not_exists" || name === "size" ? 1 : 2;
    if (first === undefined || operands.length !== wanted) throw this.#operandCount(name, operands.length);
    if (second !== undefined) this.#requireDistinct(name, first, [second]);
    return read(name, first, second ?? first);
  }

  readonly #functions: Readonly<Record<string, (name: string, first: Operand, second: Operand) => Node>> = {
    attribute_exists: (name, first) => ({ kind: "exists", path: this.#path(name, first), exists: true }),
    attribute_not_exists: (name, first) => ({ kind: "exists", path: this.#path(name, first), exists: false }),
    attribute_type: (name, first, second) => ({
      kind: "type",
      path: this.#path(name, first),
      type: this.#type(name, second),
    }),
    begins_with: (name, operand, part) => {
      this.#requireTypes(name, ["S", "B"], operand, part);
      return { kind: "begins", operand, part };
    },
    contains: (_name, operand, part) => ({ kind: "contains", operand, part }),
    size: (name, of) => {
      this.#requireTypes(name, sized, of);
      return { kind: "size", of };
    },
  };

  #path(name: string, operand: Operand) {
    if (operand.kind === "path") return operand.path;
    throw this.#reader.error(`Operator or function requires a document path; operator or function: ${name}`);
  }

  #type(name: string, operand: Operand): AttributeType {
    const value = operand.kind === "value" && "S" in operand.value ? operand.value.S : undefined;
    if (value === undefined) throw this.#operandType(name, operand);
    const type = attributeTypes.find((each) => each === value);
    if (type !== undefined) return type;
    throw this.#reader.error(
      `Invalid attribute type name found; type: ${value}, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}`,
    );
  }

  #operand(node: Node): Operand {
    if (node.kind === "path" || node.kind === "value" || node.kind === "size") return node;
    throw this.#misused(node) ?? this.#reader.syntaxError();
  }

  #condition(node: Node): Condition {
    if (node.kind === "size") throw this.#notThisWay("size");
    if (node.kind === "path" || node.kind === "value") throw this.#reader.syntaxError();
    return node;
  }

  #misused(node: Condition) {
    if (node.kind === "exists")
      return this.#notThisWay(node.exists ? "attribute_exists" : "attribute_not_exists");
    if (node.kind === "begins") return this.#notThisWay("begins_with");
    return node.kind === "contains" || node.kind === "type" ? this.#notThisWay(node.kind) : undefined;
  }

  #notThisWay(name: string) {
    return this.#reader.error(
      `The function is not allowed to be used this way in an expression; function: ${name}`,
    );
  }

  #requireTypes(name: string, types: readonly AttributeType[], ...operands: readonly Operand[]): void {
    for (const operand of operands) {
      if (operand.kind === "value" && !types.includes(typeOf(operand.value)))
        throw this.#operandType(name, operand);
    }
  }

  #requireDistinct(name: string, first: Operand, others: readonly Operand[]): void {
    if (first.kind !== "path" || !others.some((other) => isDeepStrictEqual(first, other))) return;
    throw this.#reader.error(
      `The first operand must be distinct from the remaining operands for this operator or function; operator: ${name}, first operand: ${pathText(first.path)}`,
    );
  }

  #operandType(name: string, operand: Operand) {
    const type = operand.kind === "value" ? typeOf(operand.value) : "a document path";
    return this.#reader.error(
      `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`,
    );
  }

  #operandCount(name: string, count: number) {
    return this.#reader.error(
      `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${count}`,
    );
  }
}
