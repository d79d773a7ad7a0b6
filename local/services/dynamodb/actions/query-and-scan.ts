import { attributesIn } from "../expressions/condition.ts";
import { readKeyCondition, requireKeyType } from "../expressions/key-condition.ts";
import { type Input, integer, type Output, requireKnown } from "../fields.ts";
import { partsOf } from "../store/keys.ts";
import { attributeOf, typeOf } from "../values/attribute-value.ts";
import { equalValues } from "../values/compare.ts";
import { validationError } from "../values/validation.ts";
import type { FindTable } from "./item-actions.ts";
import { itemsInRange } from "./key-range.ts";
import { page, pageFields, readPageRequest } from "./pages.ts";

const maxSegments = 1_000_000;

export function query(find: FindTable, input: Input): Output {
  requireKnown("Query", input, [...pageFields, "KeyConditionExpression", "ScanIndexForward"]);
  const table = find(input.TableName);
  const request = readPageRequest(table, input);
  const { keys } = request.index ?? table;
  if (input.KeyConditionExpression === undefined) {
    throw validationError(
      "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    );
  }
  const names = { hash: keys.hash.name, range: keys.range?.name };
  const { hash, range } = readKeyCondition(input.KeyConditionExpression, request.placeholders, names);
  request.placeholders.requireAllUsed();
  if (typeOf(hash) !== keys.hash.type) {
    throw validationError(
      "One or more parameter values were invalid: Condition parameter type does not match schema type",
    );
  }
  if (range !== undefined && keys.range !== undefined) requireKeyType(range, keys.range.type);
  for (const name of request.filter === undefined ? [] : attributesIn(request.filter)) {
    if (!partsOf(keys).some((part) => part.name === name)) continue;
    throw validationError(
      `Filter Expression can only contain non-primary key attributes: Primary key attribute: ${name}`,
    );
  }
  const start = request.startKey && attributeOf(request.startKey, keys.hash.name);
  if (start !== undefined && !equalValues(start, hash)) {
    throw validationError(
      "The provided starting key is outside query boundaries based on provided conditions",
    );
  }
  const { items } = request.index === undefined ? table : table.index(request.index.name);
  const candidates = itemsInRange(items.partition(hash), keys.range?.name, range);
  return page(request, items.after(candidates, request.startKey, input.ScanIndexForward !== false), input);
}

export function scan(find: FindTable, input: Input): Output {
  requireKnown("Scan", input, [...pageFields, "Segment", "TotalSegments"]);
  const table = find(input.TableName);
  const request = readPageRequest(table, input);
  request.placeholders.requireAllUsed();
  const [segment, segments] = readSegment(input);
  const { items } = request.index === undefined ? table : table.index(request.index.name);
  return page(request, items.scan(request.startKey, segment, segments), input);
}

function readSegment(input: Input): readonly [number, number] {
  const segment = integer(input, "Segment", 0);
  const segments = integer(input, "TotalSegments", 1);
  if (segment === undefined && segments === undefined) return [0, 1];
  if (segments === undefined) {
    throw validationError(
      "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
    );
  }
  if (segment === undefined) {
    throw validationError(
      "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
    );
  }
  if (segment >= segments || segments > maxSegments) {
    throw validationError(
      `The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: ${segment} is not less than TotalSegments: ${segments}`,
    );
  }
  return [segment, segments];
}
