import { globMatches } from "../../iam/glob.ts";
import { AwsError } from "../../protocol/service.ts";

export type MessageFilter = (message: string) => boolean;

/**
 * Parses the common part of CloudWatch's filter patterns: `term "two words" -without`, `?this ?that`, and `{ $.level =
 * "ERROR" && $.attempt != 1 }` for JSON messages. Throws AwsError for anything else.
 */
export function readFilterPattern(pattern: string): MessageFilter {
  const text = pattern.trim();
  if (text.startsWith("{")) return jsonFilter(text);
  if (text.startsWith("[") || text.startsWith("%")) throw notUnderstood(text);
  return termFilter(text);
}

function termFilter(text: string): MessageFilter {
  const terms = [...text.matchAll(/([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))/g)].map(([, sign, quoted, bare]) => ({
    sign,
    value: quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "",
  }));
  const withSign = (sign: string) => terms.filter((term) => term.sign === sign).map((term) => term.value);
  const [required, excluded, anyOf] = [withSign(""), withSign("-"), withSign("?")];
  return (message) =>
    required.every((value) => message.includes(value)) &&
    !excluded.some((value) => message.includes(value)) &&
    (anyOf.length === 0 || required.length > 0 || anyOf.some((value) => message.includes(value)));
}

const comparison = /^\(?\s*\$\.([\w.-]+)\s*(=|!=)\s*(?:"([^"]*)"|([\w.*-]+))\s*\)?$/;

function jsonFilter(text: string): MessageFilter {
  const inner = text.match(/^\{(.*)\}$/s)?.[1];
  if (inner === undefined) throw notUnderstood(text);
  const comparisons = inner.split("&&").map((part) => {
    const [, path, operator, quoted, bare] = part.trim().match(comparison) ?? [];
    if (path === undefined) throw notUnderstood(text);
    return { path: path.split("."), equal: operator === "=", wanted: quoted ?? bare ?? "" };
  });
  return (message) => {
    const record = parseJson(message);
    return comparisons.every(({ path, equal, wanted }) => {
      const value = path.reduce<unknown>(
        (at, step) => (at as Record<string, unknown> | undefined)?.[step],
        record,
      );
      return value !== undefined && value !== null && globMatches(wanted, String(value)) === equal;
    });
  };
}

function parseJson(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}

function notUnderstood(pattern: string): AwsError {
  return new AwsError(
    400,
    "InvalidParameterException",
    `Invalid filter pattern: ${pattern}. The local CloudWatch Logs knows terms and { $.field = value && ... }.`,
  );
}
