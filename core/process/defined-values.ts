/** The parameters or headers of an event of API Gateway, which types each as perhaps undefined. */
export function definedValues(
  values: Readonly<Record<string, string | undefined>> | null,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
