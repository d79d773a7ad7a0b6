import { SourceMap } from "node:module";
import { ownSourceMap } from "../../../infra/bundles/own-source-map.ts";

/**
 * The first generated line is own code up to column 10, then a package's, then a made-up module's from 20, then own code again from 30;
 * the second is own code from 5.
 */
const map = JSON.stringify({
  version: 3,
  sources: ["core/first.ts", "node_modules/zod/index.js", "required-builtin:node:http", "core/second.ts"],
  names: ["longName"],
  mappings: "AAqCE,UCrCF,UCAA,UCKC;KHFD",
});
const kept = JSON.parse(ownSourceMap(map));

test.each([
  [0, 0, "core/first.ts", 37, 2],
  [0, 9, "core/first.ts", 37, 2],
  [0, 30, "core/second.ts", 5, 1],
  [1, 5, "core/first.ts", 3, 0],
])("own code at %i:%i keeps its place in %s", (line, column, source, originalLine, originalColumn) => {
  expect(originOf(line, column)).toEqual({ source, line: originalLine, column: originalColumn });
});

test.each([
  [0, 10],
  [0, 19],
  [0, 20],
  [0, 29],
])(
  "code of packages and made-up modules at %i:%i has no place, rather than that of the own code before",
  (line, column) => {
    expect(originOf(line, column)).toEqual({});
  },
);

test("what is left out leaves nothing in the map", () => {
  expect(kept).toEqual({
    version: 3,
    sources: ["core/first.ts", "core/second.ts"],
    names: [],
    mappings: "AAqCE,U,oBChCD;KDFD",
  });
});

/** As Node itself reads a map. */
function originOf(atLine: number, atColumn: number) {
  const entry = new SourceMap(kept).findEntry(atLine, atColumn);
  if (!("originalSource" in entry)) return {};
  const { originalSource: source, originalLine: line, originalColumn: column } = entry;
  return source === undefined ? {} : { source, line, column };
}
