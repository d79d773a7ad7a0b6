/** The four equal quarters of an IPv4 range in CIDR notation, lowest first. */
export function quarters(cidr: string): readonly [string, string, string, string] {
  const { first, length } = parse(cidr);
  const quarter = (index: number) => `${addressOf(first + index * 2 ** (30 - length))}/${length + 2}`;
  return [quarter(0), quarter(1), quarter(2), quarter(3)];
}

/** Whether the address is the first of a range of that length, and every part of it a byte. */
export function isRange(cidr: string): boolean {
  const { first, length } = parse(cidr);
  return `${addressOf(first)}/${length}` === cidr && first % 2 ** (32 - length) === 0;
}

function parse(cidr: string): { first: number; length: number } {
  const [address = "", length = ""] = cidr.split("/");
  const first = address.split(".").reduce((number, part) => number * 256 + Number(part), 0);
  return { first, length: Number(length) };
}

function addressOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}
