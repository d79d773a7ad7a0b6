import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { CsvQuotesError, CsvUnterminatedError } from "../../../core/catchup/sources/csv-errors.ts";
import { readHeader } from "../../../core/catchup/sources/header.ts";
import { readRows } from "../../../core/catchup/sources/read-rows.ts";
import { type RangeLimits, type RowRange, RowRanges } from "../../../core/catchup/sources/row-ranges.ts";
import { cpuMsOf } from "../cpu-time.ts";

function rangesOf(limits: Partial<RangeLimits>, onHeader: (cells: string[]) => void = () => {}) {
  return new RowRanges(
    { rows: 2, bytes: 1_000_000, ...limits },
    {
      offset: 0,
      delimiter: undefined,
      encoding: "utf-8",
      onHeader: (row) => onHeader(row.cells()),
      onRow: () => {},
    },
  );
}

/** Cuts a text that comes in pieces of these lengths, over and over. */
function cut(text: string | Buffer, limits: Partial<RangeLimits> = {}, pieces = [7]) {
  const bytes = Buffer.from(text as Buffer);
  let header: string[] | undefined;
  const ranges = rangesOf(limits, (cells) => {
    header = cells;
  });
  const found: RowRange[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = pieces[turn % pieces.length] ?? 1;
    ranges.push(bytes.subarray(at, at + length));
    found.push(...ranges.take());
    at += length;
  }
  ranges.end();
  found.push(...ranges.take());
  const read = found.flatMap(({ first, last, rows }) =>
    readRows(bytes.subarray(first, last + 1), rows, ranges.delimiter),
  );
  return {
    header,
    rows: ranges.rows,
    ranges: found,
    cells: read.map(({ cells }) => cells),
    blanksAfterQuotes: read.map((row) => row.blanksAfterQuotes),
  };
}

const csv = fc
  .array(
    fc.constantFrom("a", ",", " ", '"', "\n", "\r\n", "é", "😀", '""', '"a\nb"', '"x,""y"""', "\ufeff"),
    {
      maxLength: 40,
    },
  )
  .map((parts) => parts.join(""));

describe("any text", () => {
  test("has the rows that csv-parse finds in the whole, each in exactly one range (F18)", () => {
    fc.assert(
      fc.property(
        csv,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        fc.record({ rows: fc.integer({ min: 1, max: 4 }), bytes: fc.integer({ min: 1, max: 30 }) }),
        (text, pieces, limits) => {
          const expected = rowsOf(text, false);
          const found = unlessConditionFailed(() => cut(text, limits, pieces));
          if (found === undefined) expect(expected).toBeUndefined();
          else if (/"[ ]/.test(text)) {
            // Where blanks may follow closing quotes, csv-parse refuses the text, or drops all blanks at the ends of cells.
            const rows = rowsOf(text, true, { rtrim: true }) ?? [];
            expect(found.cells.map(withoutEnds)).toEqual(rows.slice(1).map(withoutEnds));
          } else {
            const rows = expected ?? rowsOf(text, true) ?? [];
            expect(found.header).toEqual(rows[0]);
            expect(found.cells).toEqual(rows.slice(1));
            expect(found.rows).toBe(Math.max(0, rows.length - 1));
          }
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test("is cut into ranges without a gap, none of them over the limit of rows, all but the last full", () => {
    fc.assert(
      fc.property(csv, fc.integer({ min: 1, max: 4 }), (text, rows) => {
        const ranges = unlessConditionFailed(() => cut(text, { rows }).ranges) ?? [];
        let next = ranges[0]?.first ?? 0;
        for (const range of ranges) {
          expect(range.first).toBe(next);
          next = range.last + 1;
        }
        expect(ranges.slice(0, -1).every((range) => range.rows === rows)).toBe(true);
        expect(ranges.every((range) => range.rows >= 1 && range.rows <= rows)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

test("quoted newlines, CRLF, multibyte signs and a last row without newline are counted as rows are", () => {
  const text = 'id,text\r\n1,"two\r\nlines"\r\n2,"a ""b"", é"\r\n\r\n3,😀';
  const { header, rows, cells } = cut(text, {}, [1]);
  expect(header).toEqual(["id", "text"]);
  expect(rows).toBe(3);
  expect(cells).toEqual([
    ["1", "two\r\nlines"],
    ["2", 'a "b", é'],
    ["3", "😀"],
  ]);
});

describe("F29: blanks after closing quotes end no row but mark it, with the first cell that has them", () => {
  test.each([
    ["before a delimiter", 'id,t\n1,a\n"2" ,b\n3,c\n', [0, 1, 0], ["2", "b"]],
    ["at the end of a row", 'id,t\n1,a\n2,"b"\t \n3,c\n', [0, 2, 0], ["2", "b"]],
    ["before CR LF", 'id,t\r\n1,a\r\n2,"b" \r\n3,c', [0, 2, 0], ["2", "b"]],
    ["at the end of the text", 'id,t\n1,a\n2,"b" ', [0, 2], ["2", "b"]],
    ["of several cells", 'id,t\n1,a\n"2" ,"b" \n', [0, 1], ["2", "b"]],
  ])("%s", (_, text, blanksAfterQuotes, second) => {
    expect(cut(text, {}, [1])).toMatchObject({ blanksAfterQuotes });
    expect(cut(text, {}, [100]).cells[1]).toEqual(second);
  });

  test("a tab that is the delimiter is no blank, and quotes within quotes close nothing", () => {
    expect(cut('sep=\t\nid\tt\n"1"\t"a "" b"\n', {}, [1])).toMatchObject({
      blanksAfterQuotes: [0],
      cells: [["1", 'a " b']],
    });
  });
});

describe("F29: line ends", () => {
  test.each([
    ["CR CR LF", 'id,t\r\r\n1,a\r\r\n2,"b"\r\r\n'],
    ["a CR at the end of the text", "id,t\n1,a\n2,b\r"],
    ["a CR after closing quotes at the end of the text", 'id,t\n1,a\n2,"b"\r'],
    ["mixed ends", "id,t\r\n1,a\n2,b\r\n"],
  ])("of %s leave no CR in the last cell", (_, text) => {
    expect(cut(text, {}, [1]).cells).toEqual([
      ["1", "a"],
      ["2", "b"],
    ]);
  });

  test("a CR within a cell stays in it", () => {
    expect(cut('id,t\n1,a\rb\n2,\rc\n"3\r","d\r\n"\n').cells).toEqual([
      ["1", "a\rb"],
      ["2", "\rc"],
      ["3\r", "d\r\n"],
    ]);
  });
});

describe("F29: quotes that do not match are named by the row that opens them", () => {
  test.each([
    ["never closed", 'id,t\n1,a\n2,"b\n3,c\n', "quotes that row 2 opens"],
    ["closed by the next row's", 'id,t\n1,a\n2,"b\n3,"c"\n', "quotes that row 2 opens"],
    ["not doubled within", 'id,t\n1,"say "hi" to"\n', "quotes that row 1 opens"],
    ["of the header", '"id,t\n1,a\n', "quotes that the header opens"],
    ["not doubled within, before a blank", 'id,t\n1,"say "hi" \n', "quotes that row 1 opens"],
    ["followed by a blank and more", 'id,t\n1,"a" b\n', "quotes that row 1 opens"],
    ["followed by CR and more", 'id,t\n1,"a"\rb\n', "quotes that row 1 opens"],
    ["followed by CR and a comma", 'id,t\n1,"a"\r,\n', "quotes that row 1 opens"],
  ])("%s", (_, text, message) => {
    expect(() => cut(text, {}, [3])).toThrow(message);
  });

  test("a quote inside an unquoted cell is a character like others", () => {
    expect(cut('id,t\n1,5" pipe\n2, "x"\n').cells).toEqual([
      ["1", '5" pipe'],
      ["2", ' "x"'],
    ]);
  });
});

test.each([
  ["sep=;\nid;t\n1;a,b\n", ";"],
  ['"sep=\t"\r\nid\tt\n1\ta,b\n', "\t"],
  ["SEP=|\nid|t\n1|a,b\n", "|"],
])("F29: %j is read by the delimiter that its first line names", (text) => {
  expect(cut(text, {}, [2])).toMatchObject({ header: ["id", "t"], cells: [["1", "a,b"]], rows: 1 });
});

test("F29: bytes that are not UTF-8 are refused with the first row that has them", () => {
  const text = Buffer.concat([
    Buffer.from("id,t\n1,é\n2,M"),
    Buffer.from([0xfc]),
    Buffer.from("ller\n3,x\n"),
  ]);
  expect(() => cut(text)).toThrow("Row 2 of the CSV has bytes that are not utf-8");
});

test("a range is ended by the row that reaches its bytes", () => {
  const { ranges } = cut("id\n1234567\n1\n2\n3\n", { rows: 100, bytes: 6 });
  expect(ranges.map(({ rows }) => rows)).toEqual([1, 3]);
});

test("a header without rows, and nothing at all, have no range", () => {
  expect(cut("id,t")).toMatchObject({ rows: 0, ranges: [], header: ["id", "t"] });
  expect(cut("")).toMatchObject({ rows: 0, ranges: [], header: undefined });
  expect(cut("\n\r\n\n")).toMatchObject({ rows: 0, ranges: [], header: undefined });
});

test("blank lines before the header are skipped", () => {
  expect(cut("\n\nid\n1\n").header).toEqual(["id"]);
});

test("a row that no function could hold ends the reading", () => {
  const ranges = rangesOf({});
  ranges.push(Buffer.from('id,t\n1,"'));
  const piece = Buffer.alloc(1024 * 1024, "x");
  expect(() => Array.from({ length: 17 }, () => ranges.push(piece))).toThrow("Row 1 of the CSV is longer");
});

describe("a header", () => {
  test.each([
    [["id", "text"], "there is no column formatted_text"],
    [["a"], "there is no column id, formatted_text"],
    [["id", "formatted_text", "id"], "duplicate column id"],
    [["id", "formatted_text", "a", " a "], "duplicate column a"],
    [["id", "formatted_text", "$set"], 'begin with $: "$set"'],
    [["id", "formatted_text", "text", "source_text"], "kept as source_text"],
    [["id", "formatted_text", "", "column 3"], 'duplicate column "column 3"'],
    [["ID", "Id", "formatted_text"], "columns ID, Id could all be id"],
    [["id", "formatted_text", "a\0b"], "control characters"],
  ])("%j cannot be used: %s", (cells, problem) => {
    expect(() => readHeader(cells, [])).toThrow(problem);
  });

  test("reports every problem at once", () => {
    expect(() => readHeader(["id", "x", "x", "$y"], ["day"])).toThrow(
      'there is no column formatted_text, day; duplicate column x; Pinecone refuses names that begin with $: "$y"',
    );
  });

  test("names what the product reads in any case, and with blanks for _", () => {
    expect(
      readHeader(["ID", "Formatted Text", "Record_Type", "CreatedAt", "City"], [], ["created_at"]),
    ).toEqual(["id", "formatted_text", "record_type", "created_at", "City"]);
    expect(readHeader(["id", "ID", "formatted_text"], [])).toEqual(["id", "ID", "formatted_text"]);
  });

  test("a column without a name is called after its place", () => {
    expect(readHeader(["id", "formatted_text", "", " "], [])).toEqual([
      "id",
      "formatted_text",
      "column 3",
      "column 4",
    ]);
  });

  test("F31: 100,000 columns are judged in time by their number", () => {
    const cells = ["id", "formatted_text", ...Array.from({ length: 100_000 }, (_, n) => `column_${n}`)];
    const judging = cpuMsOf(() => {
      expect(readHeader(cells, []).length).toBe(100_002);
      expect(() => readHeader([...cells, ...cells], [])).toThrow("and 99982 more");
    });
    expect(judging).toBeLessThan(5_000);
  });
});

/** Rows of the whole text, as csv-parse finds them; undefined where it refuses the quotes. */
function rowsOf(text: string, relax_quotes: boolean, more: { rtrim?: true } = {}): string[][] | undefined {
  const options = {
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ["\r\n", "\n"],
    ...more,
  };
  try {
    return parse(text, { ...options, relax_quotes });
  } catch (error) {
    if (String((error as { code?: string }).code).includes("QUOTE")) return undefined;
    throw error;
  }
}

function withoutEnds(cells: readonly string[]): string[] {
  return cells.map((cell) => cell.trimEnd());
}

function unlessConditionFailed<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof CsvQuotesError || error instanceof CsvUnterminatedError) return undefined;
    throw error;
  }
}
