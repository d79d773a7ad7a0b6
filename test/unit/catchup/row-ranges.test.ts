import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { readHeader, readRows } from "../../../core/catchup/sources/read-rows.ts";
import { CsvUnterminated, type RowRange, RowRanges } from "../../../core/catchup/sources/row-ranges.ts";

/** Cuts a text that comes in pieces of these lengths, over and over. */
function cut(text: string | Buffer, limits: { rows?: number; bytes?: number } = {}, pieces = [7]) {
  const bytes = Buffer.from(text as Buffer);
  const ranges = new RowRanges({ rows: limits.rows ?? 2, bytes: limits.bytes ?? 1_000_000 });
  const found: RowRange[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = pieces[turn % pieces.length] ?? 1;
    ranges.push(bytes.subarray(at, at + length));
    found.push(...ranges.take());
    at += length;
  }
  ranges.end();
  found.push(...ranges.take());
  return {
    header: ranges.header,
    rows: ranges.rows,
    ranges: found,
    cells: found.flatMap(({ first, last, rows }) => readRows(bytes.subarray(first, last + 1), rows)),
  };
}

const csv = fc
  .array(
    fc.constantFrom("a", ",", " ", '"', "\n", "\r\n", "\r", "é", "😀", '""', '"a\nb"', '"x,""y"""', "\ufeff"),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

describe("any text", () => {
  test("has the rows that csv-parse finds in the whole, each in exactly one range (F18)", () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        csv,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        fc.record({ rows: fc.integer({ min: 1, max: 4 }), bytes: fc.integer({ min: 1, max: 30 }) }),
        (mark, text, pieces, limits) => {
          const whole = `${mark ? "\ufeff" : ""}${text}`;
          const expected = rowsOf(whole);
          if (expected === "unterminated") {
            expect(() => cut(whole, limits, pieces)).toThrow(CsvUnterminated);
            return;
          }
          const found = cut(whole, limits, pieces);
          expect(found.cells).toEqual(expected.slice(1));
          expect(found.rows).toBe(Math.max(0, expected.length - 1));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test("is cut into ranges without a gap, none of them over the limit of rows, all but the last full", () => {
    fc.assert(
      fc.property(csv, fc.integer({ min: 1, max: 4 }), (text, rows) => {
        fc.pre(rowsOf(text) !== "unterminated");
        const { header, ranges } = cut(text, { rows });
        let next = ranges[0]?.first ?? 0;
        if (ranges.length > 0) expect(next).toBeGreaterThanOrEqual(header?.length ?? 0);
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
  const text = '\ufeffid,text\r\n1,"two\r\nlines"\r\n2,"a ""b"", é"\r\n\r\n3,😀';
  const { header, rows, cells } = cut(text, {}, [1]);
  expect(readHeader(Buffer.from("\ufeffid,formatted_text\n"), [])).toEqual(["id", "formatted_text"]);
  expect(header?.toString()).toBe("\ufeffid,text\r\n");
  expect(rows).toBe(3);
  expect(cells).toEqual([
    ["1", "two\r\nlines"],
    ["2", 'a "b", é'],
    ["3", "😀"],
  ]);
});

test("a range is ended by the row that reaches its bytes", () => {
  const { ranges } = cut("id\n1234567\n1\n2\n3\n", { rows: 100, bytes: 6 });
  expect(ranges.map(({ rows }) => rows)).toEqual([1, 3]);
});

test("a header without rows, and nothing at all, have no range", () => {
  expect(cut("id,formatted_text")).toMatchObject({
    rows: 0,
    ranges: [],
    header: Buffer.from("id,formatted_text"),
  });
  expect(cut("")).toMatchObject({ rows: 0, ranges: [], header: undefined });
  expect(cut("\n\r\n\n")).toMatchObject({ rows: 0, ranges: [], header: undefined });
});

test("blank lines before the header are none of its", () => {
  expect(cut("\n\nid\n1\n").header?.toString()).toBe("id\n");
});

test("quotes that are never closed are named by the row that opens them", () => {
  expect(() => cut('id,t\n1,a\n2,"b\n3,c\n')).toThrow("quotes that row 2 opens");
});

test("a row that no function could hold ends the reading", () => {
  const ranges = new RowRanges({ rows: 10, bytes: 1_000 });
  ranges.push(Buffer.from('id,t\n1,"'));
  const piece = Buffer.alloc(1024 * 1024, "x");
  expect(() => Array.from({ length: 17 }, () => ranges.push(piece))).toThrow("Row 1 of the CSV is longer");
});

describe("a header", () => {
  test.each([
    ["id,text\n", "no column formatted_text"],
    ["id,formatted_text,id\n", "column id is there more than once"],
    ["id,formatted_text,$set\n", "begins with $"],
    ["ID,Formatted_Text\n", "no column id; there is no column formatted_text"],
  ])("%j cannot be used: %s", (header, problem) => {
    expect(() => readHeader(Buffer.from(header), [])).toThrow(problem);
  });

  test("must have the date column that was asked for", () => {
    expect(() => readHeader(Buffer.from("id,formatted_text\n"), ["day"])).toThrow("no column day");
  });

  test("of nothing at all names what is missing", () => {
    expect(() => readHeader(undefined, [])).toThrow("no column id");
  });
});

/** Rows of the whole text, as csv-parse finds them. */
function rowsOf(text: string): string[][] | "unterminated" {
  try {
    return parse(text, {
      bom: true,
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      record_delimiter: ["\r\n", "\n"],
    });
  } catch (error) {
    if ((error as { code?: string }).code === "CSV_QUOTE_NOT_CLOSED") return "unterminated";
    throw error;
  }
}
