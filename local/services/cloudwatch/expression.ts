import { AwsError } from "../../protocol/service.ts";
import type { Datapoints } from "./metric-store.ts";

/** A number, or a series that may lack some of the periods. */
type Value = number | Datapoints;
type Values = ReadonlyMap<string, Datapoints>;
type Evaluate = (values: Values, periods: readonly number[]) => Value;

export interface Expression {
  /** Ids of the queries that it uses. */
  readonly ids: readonly string[];
  evaluate(values: Values, periods: readonly number[]): Datapoints;
}

const tokens = /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?)|([a-zA-Z_]\w*)|(>=|<=|==|!=|[-+*/^(),<>]))/y;

const operators: Readonly<Record<string, { readonly rank: number; apply(a: number, b: number): number }>> = {
  "==": { rank: 1, apply: (a, b) => Number(a === b) },
  "!=": { rank: 1, apply: (a, b) => Number(a !== b) },
  "<": { rank: 2, apply: (a, b) => Number(a < b) },
  ">": { rank: 2, apply: (a, b) => Number(a > b) },
  "<=": { rank: 2, apply: (a, b) => Number(a <= b) },
  ">=": { rank: 2, apply: (a, b) => Number(a >= b) },
  "+": { rank: 3, apply: (a, b) => a + b },
  "-": { rank: 3, apply: (a, b) => a - b },
  "*": { rank: 4, apply: (a, b) => a * b },
  "/": { rank: 4, apply: (a, b) => a / b },
  "^": { rank: 5, apply: (a, b) => a ** b },
};

/**
 * Parses metric math: arithmetic, comparisons, FILL, IF, ABS, MIN and MAX. Throws ValidationError for anything else.
 */
export function readExpression(text: string): Expression {
  const parser = new Parser(text);
  const evaluate = parser.whole();
  return {
    ids: [...parser.ids],
    evaluate(values, periods) {
      const value = evaluate(values, periods);
      return typeof value === "number" ? new Map(periods.map((period) => [period, value])) : value;
    },
  };
}

class Parser {
  readonly ids = new Set<string>();
  readonly #text: string;
  readonly #tokens: string[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = this.#split();
  }

  whole(): Evaluate {
    const evaluate = this.#binary(1);
    if (this.#at < this.#tokens.length) throw this.#unknown();
    return evaluate;
  }

  #split(): string[] {
    const found: string[] = [];
    const scan = new RegExp(tokens);
    const text = this.#text.trimEnd();
    while (scan.lastIndex < text.length) {
      const token = scan.exec(text)?.[0].trim();
      if (token === undefined) throw this.#unknown();
      found.push(token);
    }
    return found;
  }

  #binary(rank: number): Evaluate {
    let left = rank > 5 ? this.#unary() : this.#binary(rank + 1);
    for (;;) {
      const operator = operators[this.#tokens[this.#at] ?? ""];
      if (operator?.rank !== rank) return left;
      this.#at += 1;
      const [a, b] = [left, this.#binary(rank + 1)];
      left = (values, periods) => combine([a(values, periods), b(values, periods)], operator.apply);
    }
  }

  #unary(): Evaluate {
    const token = this.#tokens[this.#at++];
    if (token === "-") {
      const operand = this.#unary();
      return (values, periods) => combine([operand(values, periods)], (a) => -a);
    }
    if (token === "(") {
      const inner = this.#binary(1);
      this.#expect(")");
      return inner;
    }
    if (token === undefined) throw this.#unknown();
    if (/^\d/.test(token)) return () => Number(token);
    if (/^[A-Z]/.test(token)) return this.#call(token);
    if (!/^[a-z]/.test(token)) throw this.#unknown();
    this.ids.add(token);
    return (values) => values.get(token) ?? new Map();
  }

  #call(name: string): Evaluate {
    this.#expect("(");
    const args = [this.#binary(1)];
    while (this.#tokens[this.#at] === ",") {
      this.#at += 1;
      args.push(this.#binary(1));
    }
    this.#expect(")");
    const given = (values: Values, periods: readonly number[]) => args.map((each) => each(values, periods));
    switch (`${name}/${args.length}`) {
      case "FILL/2":
        return (values, periods) => {
          const [series = new Map(), filling = 0] = given(values, periods);
          return new Map(
            periods.flatMap((period) => {
              const value = at(series, period) ?? at(filling, period);
              return value === undefined ? [] : [[period, value]];
            }),
          );
        };
      case "IF/3":
        return (values, periods) =>
          combine(given(values, periods), (test, yes = 0, no = 0) => (test ? yes : no));
      case "ABS/1":
        return (values, periods) => combine(given(values, periods), Math.abs);
      case `MAX/${args.length}`:
        return (values, periods) => combine(given(values, periods), Math.max);
      case `MIN/${args.length}`:
        return (values, periods) => combine(given(values, periods), Math.min);
    }
    throw this.#unknown();
  }

  #expect(token: string): void {
    if (this.#tokens[this.#at] !== token) throw this.#unknown();
    this.#at += 1;
  }

  #unknown(): AwsError {
    return new AwsError(
      400,
      "ValidationError",
      `Invalid metrics list: the local CloudWatch cannot read the expression "${this.#text}". It knows arithmetic, comparisons, FILL, IF, ABS, MIN and MAX.`,
    );
  }
}

function at(value: Value, period: number): number | undefined {
  return typeof value === "number" ? value : value.get(period);
}

/** A period in which an operand is missing, or the result is no number, has no data point. */
function combine(operands: readonly Value[], apply: (...operands: number[]) => number): Value {
  const series = operands.filter((value): value is Datapoints => typeof value !== "number");
  if (series.length === 0) return apply(...(operands as number[]));
  const periods = new Set(series.flatMap((each) => [...each.keys()]));
  const results = [...periods]
    .sort((a, b) => a - b)
    .flatMap((period): [number, number][] => {
      const inputs = operands.map((value) => at(value, period));
      if (inputs.some((value) => value === undefined)) return [];
      const result = apply(...(inputs as number[]));
      return Number.isFinite(result) ? [[period, result]] : [];
    });
  return new Map(results);
}
