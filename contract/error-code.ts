/** The code of an error class: `LeaseLostError` -> `VK_LEASE_LOST`. Acronyms stay whole: `CSVRefusedError` -> `VK_CSV_REFUSED`. */
export function errorCodeOf(className: string): string {
  const words = className
    .replace(/(Error|Failure)$/, "")
    .replace(/([a-z\d])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2");
  return `VK_${words.toUpperCase()}`;
}
