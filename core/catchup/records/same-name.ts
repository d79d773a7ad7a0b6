/** Whether two names of columns or variables are equal apart from spelling: `Start_Date`, `start date`, `startDate`. */
export function isSameName(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

/** The wanted name if it exists; otherwise the only one that is equal apart from spelling. */
export function nameLike(wanted: string, names: readonly string[]): string | undefined {
  if (names.includes(wanted)) return wanted;
  const alike = names.filter((name) => isSameName(name, wanted));
  return alike.length === 1 ? alike[0] : undefined;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, "");
}
