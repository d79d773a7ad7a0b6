import type { Resource } from "./rest-api.ts";

export interface FoundResource {
  readonly resource: Resource;
  /** Still percent-encoded, because API Gateway does not decode them. */
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** The resource that a path names. A segment as it is written wins over `{name}`, and that over `{name+}`. */
export function findResource(resources: readonly Resource[], path: string): FoundResource | undefined {
  const segments = segmentsOf(path);
  const found = resources.flatMap((resource) => {
    const pathParameters = parametersOf(segmentsOf(resource.path), segments);
    return pathParameters === undefined ? [] : [{ resource, pathParameters }];
  });
  return found.sort((one, other) => compare(one.resource.path, other.resource.path))[0];
}

/** A slash at the end changes nothing. */
function segmentsOf(path: string): string[] {
  return path.replace(/^\/|\/$/g, "").split("/");
}

function parametersOf(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const name = /^\{(.+?)(\+?)\}$/.exec(part);
    const segment = segments[index];
    if (segment === undefined || (name !== null && segment === "")) return undefined;
    if (name?.[2] === "+") {
      parameters[name[1] ?? ""] = segments.slice(index).join("/");
      return parameters;
    }
    if (name !== null) parameters[name[1] ?? ""] = segment;
    else if (part !== segment) return undefined;
  }
  return pattern.length === segments.length ? parameters : undefined;
}

function compare(one: string, other: string): number {
  const [these, those] = [segmentsOf(one), segmentsOf(other)];
  for (const [index, part] of these.entries()) {
    const difference = generality(part) - generality(those[index] ?? "");
    if (difference !== 0) return difference;
  }
  return 0;
}

function generality(part: string): number {
  if (part.endsWith("+}")) return 2;
  return part.startsWith("{") ? 1 : 0;
}
