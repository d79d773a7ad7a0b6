type Comparison = (actual: unknown, wanted: unknown) => boolean;

const orders: Record<string, (first: string | number, second: string | number) => boolean> = {
  Equals: (first, second) => first === second,
  LessThan: (first, second) => first < second,
  GreaterThan: (first, second) => first > second,
  LessThanEquals: (first, second) => first <= second,
  GreaterThanEquals: (first, second) => first >= second,
};

const isString = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => typeof value === "number";
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const isTimestamp = (value: unknown): value is string => isString(value) && timestamp.test(value);

/** Comparisons of values of one type, for each order; values of another type do not compare. */
function ordered<T>(
  type: string,
  isOfType: (value: unknown) => value is T,
  key: (value: T) => string | number,
): Record<string, Comparison> {
  return Object.fromEntries(
    Object.entries(orders).map(([order, holds]): [string, Comparison] => [
      `${type}${order}`,
      (actual, wanted) => isOfType(actual) && isOfType(wanted) && holds(key(actual), key(wanted)),
    ]),
  );
}

/** `Is...: true` or `false`. */
function test(holds: (value: unknown) => boolean): Comparison {
  return (actual, wanted) => holds(actual) === wanted;
}

/** The comparisons of a JSONPath Choice, without their forms in `...Path`. An absent value is undefined. */
export const comparisons: Readonly<Record<string, Comparison>> = {
  ...ordered("String", isString, (text) => text),
  ...ordered("Numeric", isNumber, (value) => value),
  ...ordered("Timestamp", isTimestamp, (text) => Date.parse(text)),
  BooleanEquals: (actual, wanted) => typeof actual === "boolean" && actual === wanted,
  StringMatches: (actual, wanted) => isString(actual) && isString(wanted) && matches(actual, wanted),
  IsNull: test((value) => value === null),
  IsPresent: test((value) => value !== undefined),
  IsNumeric: test(isNumber),
  IsString: test(isString),
  IsBoolean: test((value) => typeof value === "boolean"),
  IsTimestamp: test(isTimestamp),
};

/** `*` is any run of characters, `\*` and `\\` themselves. */
function matches(text: string, pattern: string): boolean {
  const source = pattern.replace(/\\(.)|(\*)|([^\w\s])/g, (_, escaped, star, other) =>
    star === undefined ? `\\${escaped ?? other}` : "[^]*",
  );
  return new RegExp(`^${source}$`).test(text);
}
