import fc from "fast-check";
import { readCell } from "../../../core/catchup/records/cell-value.ts";

describe("a cell of an undeclared column", () => {
  test.each([
    ["7", 7],
    ["-12.5", -12.5],
    ["0", 0],
    ["0.1", 0.1],
    ["123456789012345", 123456789012345],
  ])("%s is the number %d", (cell, value) => {
    expect(readCell(cell, "auto")).toEqual({ value });
  });

  test.each([
    "007",
    "00.5",
    "+1",
    "-12.50",
    "1.10",
    "1.0",
    "1E5",
    "12E4",
    "713752e1",
    "655e38",
    "1e3",
    "1e-7",
    "1e+21",
    " 42 ",
    "42\r",
    "1,234",
    "-1,234,567.89",
    "-0",
    "-0.0",
    ".5",
    "5.",
    "--5",
    "1_000",
    "12%",
    "$12",
    "€ 12",
    "12,50",
    "1.250,00",
    "9007199254740993",
    "9007199254740994",
    "4111111111111111",
    "1234567890123456789",
    "0.12345678901234567",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "1e-999",
    "1.2345678e-320",
    "12,34,567",
    "0,123",
    "1.234.567",
    "2024-03-05",
    "05.03.2024",
    "3/5/24",
    "10:30",
    "0x10",
    "0x1F",
    "1_0",
    "12 34",
    "٣",
    "=1+1",
    "null",
    "yes",
    " true",
  ])("F29: %j stays the text that it is", (cell) => {
    expect(readCell(cell, "auto")).toEqual({ value: cell });
  });

  test.each([
    ["true", true],
    ["FALSE", false],
    ["True", true],
  ])("%s is a boolean", (cell, value) => {
    expect(readCell(cell, "auto")).toEqual({ value });
  });

  test.each(["", "  ", "\t\n"])("%j has no value", (cell) => {
    expect(readCell(cell, "auto")).toEqual({ value: undefined });
  });

  test("F29: that is read as a number is written back exactly", () => {
    const digits = fc.stringMatching(/^-?\d{1,18}(\.\d{1,8})?([eE][+-]?\d{1,3})?$/);
    fc.assert(
      fc.property(fc.oneof(digits, fc.double().map(String), fc.string()), (cell) => {
        const reading = readCell(cell, "auto");
        const value = "value" in reading ? reading.value : undefined;
        if (value !== undefined && typeof value !== "boolean") expect(String(value)).toBe(cell);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("a declared number", () => {
  test.each([
    ["1.5e3", 1500],
    ["-12.50", -12.5],
    [" 42 ", 42],
    ["-1,234,567.89", -1234567.89],
  ])("may be written as %s", (cell, value) => {
    expect(readCell(cell, "number")).toEqual({ value });
  });

  test("has the value that was written", () => {
    const digits = fc.stringMatching(/^-?\d{1,18}(\.\d{1,8})?([eE][+-]?\d{1,3})?$/);
    fc.assert(
      fc.property(digits, (cell) => {
        const reading = readCell(cell, "number");
        if ("value" in reading) expect(scientific(String(reading.value))).toEqual(scientific(cell));
      }),
      { numRuns: 5_000 },
    );
  });

  test("with thousands separators is the number that it shows", () => {
    fc.assert(
      fc.property(fc.integer({ min: -999_999_999_999, max: 999_999_999_999 }), (number) => {
        expect(readCell(number.toLocaleString("en-US"), "number")).toEqual({ value: number });
      }),
    );
  });
});

describe("a declared type is never left", () => {
  test.each([
    ["007", "string", "007"],
    ["true", "string", "true"],
    [" padded ", "string", " padded "],
    ["1,234", "number", 1234],
    ["False", "boolean", false],
  ] as const)("%j as %s", (cell, type, value) => {
    expect(readCell(cell, type)).toEqual({ value });
  });

  test.each([
    ["007", "number"],
    ["NaN", "number"],
    ["1", "boolean"],
    ["yes", "boolean"],
  ] as const)("%j is no %s, and is reported", (cell, type) => {
    expect(readCell(cell, type)).toEqual({ problem: `"${cell}" is not a ${type}` });
  });
});

/** Sign, digits without zeros at the ends, and the exponent of the first: equal for equal numbers. */
function scientific(text: string): readonly [boolean, string, number] {
  const [, sign, whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`;
  const first = digits.search(/[1-9]/);
  if (first < 0) return [false, "0", 0];
  return [sign === "-", digits.slice(first).replace(/0+$/, ""), whole.length - first + Number(exponent)];
}
