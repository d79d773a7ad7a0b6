import { validationError } from "./validation.ts";

/** `coefficient * 10 ** exponent`; the coefficient of a number that is not 0 does not end in a 0. */
export interface Decimal {
  readonly coefficient: bigint;
  readonly exponent: number;
}

const maxDigits = 38;
const maxMagnitude = 126;
const minMagnitude = -129;
const form = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
/** Longer than any number that DynamoDB accepts; it limits the cost of parsing. */
const maxText = 400;

/** Throws ValidationException for numbers that DynamoDB does not store: it keeps 38 digits exactly. */
export function parseDecimal(text: string): Decimal {
  const match = text.length > maxText ? null : form.exec(text);
  const [, sign = "", whole = "", fraction = "", power = "0"] = match ?? [];
  if (match === null || whole + fraction === "") {
    throw validationError(`The parameter cannot be converted to a numeric value: ${text.slice(0, 100)}`);
  }
  return inRange(
    normal(BigInt(`${sign === "-" ? "-" : ""}${whole}${fraction}`), Number(power) - fraction.length),
  );
}

export function compareDecimals(a: Decimal, b: Decimal): number {
  const exponent = Math.min(a.exponent, b.exponent);
  const difference = scaled(a, exponent) - scaled(b, exponent);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Throws ValidationException if the sum has more digits than DynamoDB keeps. */
export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const exponent = Math.min(a.exponent, b.exponent);
  return inRange(normal(scaled(a, exponent) + scaled(b, exponent), exponent));
}

export function negated({ coefficient, exponent }: Decimal): Decimal {
  return { coefficient: -coefficient, exponent };
}

/** Formats a number like DynamoDB: plain, without leading or trailing zeros. */
export function decimalText({ coefficient, exponent }: Decimal): string {
  const sign = coefficient < 0n ? "-" : "";
  const digits = String(coefficient < 0n ? -coefficient : coefficient);
  if (exponent >= 0) return `${sign}${digits}${"0".repeat(exponent)}`;
  const padded = digits.padStart(1 - exponent, "0");
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}

function scaled({ coefficient, exponent }: Decimal, to: number): bigint {
  return coefficient * 10n ** BigInt(exponent - to);
}

function normal(coefficient: bigint, exponent: number): Decimal {
  if (coefficient === 0n) return { coefficient, exponent: 0 };
  const digits = String(coefficient);
  const zeros = digits.length - digits.replace(/0+$/, "").length;
  return { coefficient: coefficient / 10n ** BigInt(zeros), exponent: exponent + zeros };
}

function inRange(number: Decimal): Decimal {
  if (number.coefficient === 0n) return number;
  const digits = String(number.coefficient).replace("-", "").length;
  const magnitude = digits + number.exponent;
  const kind = magnitude > maxMagnitude ? "overflow" : magnitude < minMagnitude ? "underflow" : undefined;
  if (kind !== undefined) {
    const side = kind === "overflow" ? "larger" : "smaller";
    throw validationError(
      `Number ${kind}. Attempting to store a number with magnitude ${side} than supported range`,
    );
  }
  if (digits > maxDigits) {
    throw validationError("Attempting to store more than 38 significant digits in a Number");
  }
  return number;
}
