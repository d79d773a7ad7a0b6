/** Returns the parameters or headers of an API Gateway event without undefined values, which its types allow. */
export function definedValues(
  values: Readonly<Record<string, string | undefined>> | null,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
