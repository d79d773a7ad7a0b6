import { type AttributeType, type AttributeValue, typeOf } from "../values/attribute-value.ts";
import { ExpressionReader } from "./expression-reader.ts";
import { addPath, newPathTree, type Path, pathText } from "./paths.ts";
import type { Placeholders } from "./placeholders.ts";
import type { Change, Term, Update } from "./update.ts";

const clauses = ["SET", "REMOVE", "ADD", "DELETE"] as const;
type Clause = (typeof clauses)[number];

const typeNames: Readonly<Record<AttributeType, string>> = {
  S: "STRING",
  N: "NUMBER",
  B: "BINARY",
  BOOL: "BOOLEAN",
  NULL: "NULL",
  SS: "STRING_SET",
  NS: "NUMBER_SET",
  BS: "BINARY_SET",
  L: "LIST",
  M: "MAP",
};
const sets: readonly AttributeType[] = ["SS", "NS", "BS"];
const functionsOfConditions = [
  "attribute_exists",
  "attribute_not_exists",
  "attribute_type",
  "begins_with",
  "contains",
  "size",
];

/** Reads an UpdateExpression, in time linear in its length. Throws AwsError. */
export function readUpdate(text: unknown, placeholders: Placeholders): Update {
  return new UpdateReader(new ExpressionReader("UpdateExpression", text, placeholders)).read();
}

class UpdateReader {
  readonly #reader: ExpressionReader;
  readonly #changes = newPathTree<Change>();
  readonly #paths: Path[] = [];

  constructor(reader: ExpressionReader) {
    this.#reader = reader;
  }

  read(): Update {
    const seen = new Set<Clause>();
    const reader = this.#reader;
    do {
      const clause = clauses.find((name) => reader.isKeyword(name));
      if (clause === undefined) throw reader.syntaxError();
      if (seen.has(clause)) {
        throw reader.error(`The "${clause}" section can only be used once in an update expression;`);
      }
      seen.add(clause);
      reader.take();
      reader.list(() => this.#change(clause));
    } while (reader.next.kind !== "end");
    return { changes: this.#changes, paths: this.#paths };
  }

  #change(clause: Clause): void {
    this.#reader.countOperator();
    const path = this.#reader.path();
    const change = this.#changeOf(clause);
    addPath(this.#changes, path, change, (kind, one, two) =>
      this.#reader.error(
        `Two document paths ${kind} with each other; must remove or rewrite one of these paths; path one: ${pathText(one)}, path two: ${pathText(two)}`,
      ),
    );
    this.#paths.push(path);
  }

  #changeOf(clause: Clause): Change {
    if (clause === "REMOVE") return { kind: "remove" };
    if (clause === "SET") {
      this.#reader.takeSymbol("=");
      return { kind: "set", term: this.#sum() };
    }
    const value = this.#reader.value();
    if (value === undefined) throw this.#reader.syntaxError();
    const allowed = clause === "ADD" ? [...sets, "N"] : sets;
    if (!allowed.includes(typeOf(value))) throw this.#addedType(clause, value);
    return { kind: clause === "ADD" ? "add" : "delete", value };
  }

  #sum(): Term {
    const left = this.#term();
    const kind = this.#reader.isSymbol("+") ? "plus" : this.#reader.isSymbol("-") ? "minus" : undefined;
    if (kind === undefined) return left;
    const sign = this.#reader.take().text;
    this.#reader.countOperator();
    const right = this.#term();
    this.#requireType(sign, "N", left, right);
    return { kind, left, right };
  }

  #term(): Term {
    const reader = this.#reader;
    if (reader.isSymbol("(")) return reader.nested(() => this.#sum());
    const value = reader.value();
    if (value !== undefined) return { kind: "value", value };
    const { kind, text } = reader.afterNext;
    if (reader.next.kind === "word" && kind === "symbol" && text === "(") return this.#function();
    return { kind: "path", path: reader.path() };
  }

  #function(): Term {
    const reader = this.#reader;
    const name = reader.take().text;
    if (name !== "if_not_exists" && name !== "list_append") {
      throw reader.error(
        functionsOfConditions.includes(name)
          ? `The function is not allowed in an update expression; function: ${name}`
          : `Invalid function name; function: ${name}`,
      );
    }
    reader.countOperator();
    const [left, right, ...more] = reader.nested(() => reader.list(() => this.#sum()));
    if (left === undefined || right === undefined || more.length > 0) {
      const count = [left, right, ...more].filter((each) => each !== undefined).length;
      throw reader.error(
        `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${count}`,
      );
    }
    if (name === "list_append") {
      this.#requireType(name, "L", left, right);
      return { kind: "append", left, right };
    }
    if (left.kind === "path") return { kind: "ifNotExists", path: left.path, otherwise: right };
    throw reader.error(`Operator or function requires a document path; operator or function: if_not_exists`);
  }

  #requireType(operator: string, type: AttributeType, ...terms: readonly Term[]): void {
    for (const term of terms) {
      if (term.kind !== "value" || typeOf(term.value) === type) continue;
      throw this.#reader.error(
        `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${typeOf(term.value)}`,
      );
    }
  }

  #addedType(clause: Clause, value: AttributeValue) {
    return this.#reader.error(
      `Incorrect operand type for operator or function; operator: ${clause}, operand type: ${typeNames[typeOf(value)]}, typeSet: ALLOWED_FOR_${clause}_OPERAND`,
    );
  }
}
