/** Whether two names of a column or a variable are one to a reader: `Start_Date`, `start date`, `startDate`. */
export function isSameName(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

/** The one of the names that is meant: as it is written, else the only one that reads alike. */
export function nameLike(wanted: string, names: readonly string[]): string | undefined {
  if (names.includes(wanted)) return wanted;
  const alike = names.filter((name) => isSameName(name, wanted));
  return alike.length === 1 ? alike[0] : undefined;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, "");
}
