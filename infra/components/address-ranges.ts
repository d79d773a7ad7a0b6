/** The four equal quarters of an IPv4 range in CIDR notation, lowest first. */
export function quarters(cidr: string): readonly [string, string, string, string] {
  const [address = "", prefix = ""] = cidr.split("/");
  const length = Number(prefix);
  const first = numberOf(address) & (0xffffffff << (32 - length));
  const step = 2 ** (32 - length - 2);
  const quarter = (index: number) => `${addressOf(first + index * step)}/${length + 2}`;
  return [quarter(0), quarter(1), quarter(2), quarter(3)];
}

function numberOf(address: string): number {
  return address.split(".").reduce((number, octet) => number * 256 + Number(octet), 0);
}

function addressOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}
