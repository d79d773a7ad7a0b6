export const monthNames = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

export interface PrintedDay {
  readonly day: number;
  readonly month: number;
  readonly year: number;
}

export function isSameDay(one: PrintedDay, other: PrintedDay | undefined): boolean {
  return one.day === other?.day && one.month === other.month && one.year === other.year;
}

/** A date as the receipts print it, day first. Undefined if it is invalid. */
export function readDate(text: string): PrintedDay | undefined {
  const numeric = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{2}|\d{4})$/.exec(text);
  const iso = /^(\d{4})[/.-](\d{2})[/.-](\d{2})$/.exec(text);
  const named = /^(\d{1,2})[ /-]([a-z]{3})[a-z]*[ /-](\d{2}|\d{4})$/i.exec(text);
  const [day, month, year] = numeric
    ? [Number(numeric[1]), Number(numeric[2]), Number(numeric[3])]
    : iso
      ? [Number(iso[3]), Number(iso[2]), Number(iso[1])]
      : named
        ? [
            Number(named[1]),
            monthNames.findIndex((name) => name.slice(0, 3).toLowerCase() === named[2]?.toLowerCase()) + 1,
            Number(named[3]),
          ]
        : [0, 0, 0];
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  return { day, month, year: year < 100 ? 2000 + year : year };
}
