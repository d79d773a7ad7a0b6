import { metadataName } from "../records/metadata-name.ts";
import { nameLike } from "../records/same-name.ts";
import { CsvHeaderInvalidError } from "./csv-errors.ts";

export const requiredColumns = ["id", "formatted_text"] as const;
/** Read if present. */
const optionalColumns = ["record_type"] as const;

/** Maximum number of names that an error message lists per kind of problem. */
const maxNamed = 20;

/**
 * The columns that a header names. Columns that the product reads (`id`, `formatted_text`, `record_type`, the date
 * column) are recognised in any case and with blanks instead of `_`; a column without a name is named after its
 * position. `needed` columns must exist, `wanted` ones are recognised if they exist, and `called` maps a column to its
 * name in the source. Throws CsvHeaderInvalidError with all problems.
 */
export function readHeader(
  cells: readonly string[],
  needed: readonly string[],
  wanted: readonly string[] = [],
  called: ReadonlyMap<string, string> = new Map(),
): string[] {
  const columns = cells.map((cell, index) => cell.trim() || `column ${index + 1}`);
  const problems: string[] = [];
  const missing: string[] = [];
  for (const [name, other] of called) problems.push(...renamed(columns, name, other));
  for (const name of new Set([...requiredColumns, ...needed, ...optionalColumns, ...wanted])) {
    const alike = columns.includes(name) ? [] : indexesOfAlike(columns, name);
    const [only, ...others] = alike;
    if (only !== undefined && others.length === 0) columns[only] = name;
    else if (others.length > 0) {
      problems.push(`columns ${listed(alike.map((index) => columns[index] ?? ""))} could all be ${name}`);
    } else if (!columns.includes(name) && ([...requiredColumns, ...needed] as string[]).includes(name)) {
      missing.push(name);
    }
  }
  if (missing.length > 0) problems.unshift(`there is no column ${listed(missing)}`);
  problems.push(...badNames(columns));
  if (problems.length > 0) throw new CsvHeaderInvalidError(problems, columns);
  return columns;
}

/**
 * Renames the column that the source calls otherwise to the name that the product reads. Fails if that name exists too,
 * because one column would hide the other.
 */
function renamed(columns: string[], name: string, called: string): string[] {
  const like = nameLike(called, columns);
  if (like === undefined) return [`there is no column ${listed([called])}, which the request calls ${name}`];
  if (like !== name && indexesOfAlike(columns, name).some((index) => columns[index] !== like)) {
    return [`there is a column ${name} beside ${listed([like])}, which the request calls so`];
  }
  columns[columns.indexOf(like)] = name;
  return [];
}

/** Whether the cells include the columns that every file needs. */
export function namesRequired(cells: readonly string[]): boolean {
  const names = new Set(cells.map((cell) => plainName(cell)));
  return requiredColumns.every((name) => names.has(plainName(name)));
}

function badNames(columns: readonly string[]): string[] {
  const doubled = repeated(columns);
  const inMetadata = repeated([...new Set(columns)].map(metadataName));
  const refused = columns.filter((name) => name.startsWith("$"));
  const unprintable = columns.filter((name) => /\p{Cc}/u.test(name));
  return [
    ...(doubled.length > 0 ? [`duplicate column ${listed(doubled)}`] : []),
    ...(inMetadata.length > 0 ? [`two columns would be kept as ${listed(inMetadata)}`] : []),
    ...(refused.length > 0 ? [`Pinecone refuses names that begin with $: ${listed(refused)}`] : []),
    ...(unprintable.length > 0 ? [`there are control characters in ${listed(unprintable)}`] : []),
  ];
}

function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const name of names) (seen.has(name) ? twice : seen).add(name);
  return [...twice];
}

function indexesOfAlike(columns: readonly string[], name: string): number[] {
  const plain = plainName(name);
  return columns.flatMap((column, index) => (plainName(column) === plain ? [index] : []));
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[\s_]+/g, "");
}

function listed(names: readonly string[]): string {
  const shown = names
    .slice(0, maxNamed)
    .map((name) => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name)))
    .join(", ");
  return names.length > maxNamed ? `${shown} and ${names.length - maxNamed} more` : shown;
}
