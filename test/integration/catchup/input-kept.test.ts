import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { newTaskId } from "../../../core/catchup/tasks/task.ts";
import { maxMessageBytes } from "../../../core/text/cut-message.ts";
import { sampled } from "../../faults/seeds.ts";
import { ChunkRig } from "../../unit/catchup/chunk-rig.ts";
import { TaskRig } from "../../unit/catchup/task-rig.ts";
import { TaskTables } from "../../unit/catchup/task-tables.ts";

type Request = Parameters<ChunkRig["workOf"]>[1];

/** Metadata by id of what a file of one chunk brings into the index, and what failed. */
async function broughtIn(file: string | Uint8Array, request: Request = {}, pieceLength = 64 * 1024) {
  const rig = new ChunkRig();
  rig.source.pieceLength = pieceLength;
  rig.rules = { columnTypes: {}, tokensPerText: 8_191 };
  const work = await rig.workOf(file, { all_dates: true, ...request });
  await rig.process(work);
  const metadata = new Map(
    [...rig.index.vectors.values()].map((vector) => [vector.id.slice(3), vector.metadata]),
  );
  return { metadata, failed: rig.failed(work), rig };
}

const refusalOf = (file: string | Uint8Array, request: Request = {}) =>
  broughtIn(file, request).then(
    () => "",
    (error: Error) => error.message,
  );

const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
const header = "id,formatted_text,city\n";

const cell = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom(
    "1E5",
    "12",
    "12.50",
    "1.10",
    "007",
    "true",
    "TRUE",
    "\r",
    "a\r\nb",
    'q"q',
    ";",
    "=1+1",
    "-0",
    "1e400",
  ),
);
const names = [
  "__proto__",
  "constructor",
  "toString",
  "text",
  "content_hash",
  "",
  "a b",
  "é",
  "city",
  "hasOwnProperty",
];

const renamed = new Map([
  ["text", "source_text"],
  ["content_hash", "source_content_hash"],
]);

test("F29: every cell of every column is kept as it was written, or its row fails", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 6 }),
      fc.array(fc.array(cell, { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 30 }),
      async (columns, rows, pieceLength) => {
        const lines = [["id", "formatted_text", ...columns]].concat(
          rows.map((cells, n) => [String(n), "words", ...cells.slice(0, columns.length)]),
        );
        const csv = lines.map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
        const { metadata, failed } = await broughtIn(csv, {}, pieceLength);
        rows.forEach((cells, n) => {
          if (failed.some(({ row }) => row === n + 1)) {
            expect(cells.some((one) => one.includes("\0"))).toBe(true);
            return;
          }
          const kept = new Map(Object.entries(metadata.get(String(n)) ?? {}));
          columns.forEach((column, index) => {
            const name = renamed.get(column) ?? (column || `column ${index + 3}`);
            const value = kept.get(name);
            const written = cells[index] ?? "";
            if (written.trim() === "") expect(value).toBeUndefined();
            else if (typeof value === "boolean") expect(String(value)).toBe(written.toLowerCase());
            else expect(String(value)).toBe(written);
          });
          expect(kept.get("text")).toBe("words");
        });
      },
    ),
    { numRuns: sampled(150) },
  );
});

test("F29: a column has one type: one cell that is no number makes all of it text", async () => {
  const csv = "id,formatted_text,price,count,open\n1,a,12.50,1,true\n2,b,13,,FALSE\n3,c,14,3,\n";
  const { metadata } = await broughtIn(csv);
  expect([...metadata.values()].map(({ price, count, open }) => [price, count, open])).toEqual([
    ["12.50", 1, true],
    ["13", undefined, false],
    ["14", 3, undefined],
  ]);
});

test("F29: rows that do not fit the columns say nothing of what these hold", async () => {
  const { metadata, failed } = await broughtIn("id,formatted_text,n\n1,a,1\n2,b,x,y\n3,c\n");
  expect(failed.map(({ row, reason }) => [row, reason])).toEqual([
    [2, "columns_disagree"],
    [3, "columns_disagree"],
  ]);
  expect(metadata.get("1")?.n).toBe(1);
});

test("F29: of a row with blanks after closing quotes nothing is guessed: it fails alone, and replaces none", async () => {
  const csv = 'id,formatted_text,n\n1,"a",1\n2,"b" ,x\n1,"c"\t,2\n3,"d",4\n';
  const { metadata, failed } = await broughtIn(csv);
  expect(failed.map(({ row, reason }) => [row, reason])).toEqual([
    [2, "quotes_unfit"],
    [3, "quotes_unfit"],
  ]);
  expect([...metadata].map(([id, { text, n }]) => [id, text, n])).toEqual([
    ["1", "a", 1],
    ["3", "d", 4],
  ]);
});

test("F29: a header with blanks after closing quotes names no columns, and refuses the file", async () => {
  await expect(broughtIn('id,"formatted_text" ,n\n1,a,1\n')).rejects.toThrow(
    "column 2 has blanks after its closing quotes",
  );
});

describe("F29: encodings", () => {
  const text = `${header}1,"Rückgabe € „x“ 😀",Köln\n2,b,Łódź\n`;
  const utf16 = (mark: boolean, swap: boolean) => {
    const bytes = Buffer.from(`${mark ? "\ufeff" : ""}${text}`, "utf16le");
    return swap ? bytes.swap16() : bytes;
  };

  test.each([
    ["UTF-8", Buffer.from(text), {}],
    ["UTF-8 with a mark", Buffer.from(`\ufeff${text}`), {}],
    ["UTF-16LE with a mark", utf16(true, false), {}],
    ["UTF-16BE with a mark", utf16(true, true), {}],
    ["UTF-16LE, said by the caller", utf16(false, false), { encoding: "utf-16le" }],
    ["UTF-16BE, said by the caller", utf16(false, true), { encoding: "utf-16be" }],
    ["UTF-16LE in gzip", gzipSync(utf16(true, false)), {}],
    [
      "UTF-8 with a mark, whatever the caller said",
      Buffer.from(`\ufeff${text}`),
      { encoding: "windows-1252" },
    ],
  ] as const)("%s is read, in pieces of any size", async (_, file, request) => {
    for (const pieceLength of [1, 2, 3, 7, 1_000]) {
      const { metadata } = await broughtIn(file, request, pieceLength);
      expect(metadata.get("1")).toEqual({ id: "1", text: "Rückgabe € „x“ 😀", city: "Köln" });
      expect(metadata.get("2")?.city).toBe("Łódź");
    }
  });

  test("Windows-1252 is read where the request says so", async () => {
    const file = Buffer.concat([
      Buffer.from(header),
      Buffer.from([0x31, 0x2c, 0x80, 0x93, 0xfc, 0x94, 0x2c, 0x4b, 0xf6, 0x6c, 0x6e, 0x0a]),
    ]);
    for (const pieceLength of [1, 1_000]) {
      const { metadata } = await broughtIn(file, { encoding: "windows-1252" }, pieceLength);
      expect(metadata.get("1")).toEqual({ id: "1", text: "€“ü”", city: "Köln" });
    }
  });

  test.each([
    [
      "a byte that Windows-1252 has not",
      Buffer.concat([Buffer.from(`${header}1,a,x\n2,`), Buffer.from([0x81]), Buffer.from(",x\n")]),
      { encoding: "windows-1252" },
      "Row 2",
    ],
    [
      "half of a surrogate pair in UTF-16",
      Buffer.from(`\ufeff${header}1,a,x\n2,\ud83d,x\n`, "utf16le"),
      {},
      "Row 2",
    ],
    ["half of a pair at the end of UTF-16", Buffer.from(`\ufeff${header}1,a,\ud83d`, "utf16le"), {}, "Row 1"],
    [
      "half of a unit at the end of UTF-16",
      Buffer.from(`\ufeff${header}1,a,x`, "utf16le").subarray(0, -1),
      {},
      "Row 1",
    ],
    [
      "a surrogate in UTF-8",
      Buffer.concat([Buffer.from(`${header}1,`), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from(",x\n")]),
      {},
      "Row 1",
    ],
    [
      "Latin-1 in the header",
      Buffer.from(`id,formatted_text,Stra\xdfe\n1,a,x\n`, "latin1"),
      {},
      "The header",
    ],
  ] as const)("%s is refused, and the row is named", async (_, file, request, row) => {
    expect(await refusalOf(file, request)).toMatch(new RegExp(`^${row} of the CSV has bytes that are not`));
  });

  test("UTF-16 without a mark and UTF-32 are refused by name", async () => {
    expect(await refusalOf(utf16(false, false))).toContain("UTF-16 without a byte order mark");
    expect(await refusalOf(utf16(false, true))).toContain("UTF-16 without a byte order mark");
    expect(await refusalOf(Buffer.from([0xff, 0xfe, 0, 0, 0x69, 0, 0, 0]))).toContain("UTF-32");
  });
});

describe("F29: delimiters", () => {
  test.each([
    [";", "semicolon"],
    ["\t", "tab"],
    ["|", "pipe"],
  ])("a file with %j is refused by its name, and read where the request says so", async (delimiter, name) => {
    const file = ["id,formatted_text,city", '1,"a, b",Bonn', "2,c,Rome"]
      .map((line) => line.replaceAll(/,(?! )/g, delimiter))
      .join("\n");
    expect(await refusalOf(file)).toContain(`are separated by a ${name}`);
    const { metadata } = await broughtIn(file, { delimiter });
    expect(metadata.get("1")).toMatchObject({ text: "a, b", city: "Bonn" });
    expect(metadata.get("2")).toMatchObject({ text: "c", city: "Rome" });
  });

  test("what the caller says counts more than a line sep=, which is no row", async () => {
    const { metadata } = await broughtIn("sep=;\nid|formatted_text\n1|a;b\n", { delimiter: "|" });
    expect(metadata.get("1")?.text).toBe("a;b");
  });
});

test.each([
  ["PK\u0003\u0004xl/workbook", "a zip archive or an Excel workbook"],
  ["%PDF-1.7", "a PDF"],
  ["PAR1xxxx", "a Parquet file"],
  ['[\n  {"id": 1, "formatted_text": "x"}]', "JSON"],
  ['\ufeff{"id":1}', "JSON"],
  ["<!doctype html><html></html>", "HTML or XML"],
  ['<?xml version="1.0"?><rows/>', "HTML or XML"],
])("F29: %j is refused as what it is", async (file, kind) => {
  expect(await refusalOf(Buffer.from(file))).toContain(`is ${kind}, not a CSV`);
});

describe("F30: a cell that no index keeps fails its row alone", () => {
  test("a NUL", async () => {
    const { metadata, failed } = await broughtIn(`${header}1,a\0b,x\n2,b,y\0\n3,c,z\n`);
    expect(failed.map(({ row, reason }) => [row, reason])).toEqual([
      [1, "characters_unfit"],
      [2, "characters_unfit"],
    ]);
    expect([...metadata.keys()]).toEqual(["3"]);
  });

  test("a number out of a double, and an id with blanks only", async () => {
    const { failed, metadata } = await broughtIn(`${header}1,a,1e999\n \u00a0,b,x\n3,c,NaN\n`);
    expect(failed.map(({ row, reason }) => [row, reason])).toEqual([[2, "id_blank"]]);
    expect(metadata.get("1")?.city).toBe("1e999");
  });
});

test.each([
  "\u00a0\u00a0",
  "\u200b",
  "\u200d",
  "\u00ad\u200e\u200f\u2063",
  "\ufe0f",
  "\ufeff",
  "\u202a\u202c",
  "&nbsp;&shy;",
  "\u3164",
  "\u2800",
])("F43: a text in which nothing is visible is text_blank: %j", async (text) => {
  const { failed, rig } = await broughtIn(`${header}1,${text},x\n2,b,x\n`);
  expect(failed.map(({ row, reason }) => [row, reason])).toEqual([[1, "text_blank"]]);
  expect(rig.embedder.paid).toEqual(["b"]);
});

describe("a task", () => {
  let tables: TaskTables;
  beforeAll(async () => {
    tables = await TaskTables.start();
  });
  afterAll(() => tables.stop());

  test("F32: the cause of a header of 650 KB is kept, and all of it is in the work bucket", async () => {
    const rig = new TaskRig(tables);
    const columns = Array.from({ length: 50_000 }, (_, n) => `col_${n}_xyz`);
    const id = await rig.accept(`${columns.join(",")}\n${columns.join(",")}\n`);
    await rig.run(id);
    const { status, error = "" } = await rig.task(id);
    expect(status).toBe("FAILED");
    expect(error).toContain("there is no column id, formatted_text");
    expect(Buffer.byteLength(error)).toBeLessThanOrEqual(maxMessageBytes);
    expect(error).toContain(`errors/${id}.txt`);
    expect(rig.work.text(`errors/${id}.txt`)).toContain("col_49999_xyz");
  });

  test("F30: half of a surrogate pair in a failed record fails that record alone", async () => {
    const rig = new TaskRig(tables);
    const retried = newTaskId(Date.now());
    const record = (row: number, text: string) =>
      `{"row":${row},"reason":"chunk_failed","detail":"","source":{"id":"${row}","formatted_text":"${text}","__proto__":"kept"}}\n`;
    rig.work.put(
      `failed/${retried}/000000.ndjson`,
      record(1, "\\ud83d broken") + record(2, "\\ud83d\\ude00"),
    );
    const id = await rig.accept(undefined, { data_source: "failed_records", retry_of: retried });
    await rig.run(id);
    expect(rig.failedRows(id)).toEqual([[1, "characters_unfit"]]);
    expect(rig.index.texts).toEqual({ "v2/12.2": "😀" });
    expect(Object.entries(rig.index.vectors.get("v2/12.2")?.metadata ?? {})).toContainEqual([
      "__proto__",
      "kept",
    ]);
  });
});
