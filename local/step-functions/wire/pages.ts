import { AwsError } from "../../protocol/service.ts";

const usualPageSize = 100;

/** A page of a list and the token of the next one. `maxResults` 0 is the usual size. */
export function page<T>(
  list: readonly T[],
  { maxResults, nextToken = "0" }: { readonly maxResults: number; readonly nextToken?: string | undefined },
): [readonly T[], string | undefined] {
  const from = Number(nextToken);
  if (!Number.isInteger(from)) throw new AwsError(400, "InvalidToken", `Invalid Token: '${nextToken}'`);
  const to = from + (maxResults || usualPageSize);
  return [list.slice(from, to), to < list.length ? String(to) : undefined];
}
