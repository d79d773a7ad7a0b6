import { parseArgs } from "node:util";

export const usage = `Measures how fast the query service answers, and whether its answers are exact.

  npm run bench:search-speed [-- --vectors 10000,50000,100000] [--dimensions 1536] [--requests 100] [--per-second 5]
`;

export function searchSpeedOptions(argv: readonly string[]) {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      vectors: { type: "string", default: "10000,50000,100000" },
      dimensions: { type: "string", default: "1536" },
      requests: { type: "string", default: "100" },
      "per-second": { type: "string", default: "5" },
      help: { type: "boolean", default: false },
    },
  });
  return {
    help: values.help,
    counts: values.vectors.split(",").map(wholeNumber),
    dimensions: wholeNumber(values.dimensions),
    requests: wholeNumber(values.requests),
    perSecond: wholeNumber(values["per-second"]),
  };
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new RangeError(`${text} is not a whole number above 0.`);
}
