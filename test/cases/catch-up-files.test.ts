import { readFileSync } from "node:fs";
import { maxMessageBytes } from "../../core/text/cut-message.ts";
import { TaskRig } from "../unit/catchup/task-rig.ts";
import { TaskTables } from "../unit/catchup/task-tables.ts";
import { caseFile, testCases } from "./reported-cases.ts";

let tables: TaskTables;

beforeAll(async () => {
  tables = await TaskTables.start();
});
afterAll(() => tables.stop());

/** What a task made of a case's file: planned, read, embedded, written and settled by the product's own code. */
async function indexed(folder: string, changed: Parameters<TaskRig["accept"]>[1] = {}, file = "input.csv") {
  const rig = new TaskRig(tables);
  rig.rules = { columnTypes: {}, tokensPerText: 8_191 };
  rig.limits = { rows: 1_000, bytes: 8 * 1024 * 1024 };
  const key = `${folder}.csv`;
  rig.source.put(key, readFileSync(caseFile(folder, file)));
  const id = await rig.accept(undefined, { s3_key: key, all_dates: true, ...changed });
  const began = process.cpuUsage();
  await rig.run(id);
  const { user, system } = process.cpuUsage(began);
  // Of this process's CPU: what else the machine does adds nothing.
  const seconds = (user + system) / 1_000_000;
  const task = await rig.task(id);
  const metadata = Object.fromEntries(
    [...rig.index.vectors].map(([place, { metadata }]) => [place, metadata]),
  );
  return { task, rig, metadata, seconds, failed: rig.failedRows(id), counts: task.counts };
}

/** A file that is refused is refused whole: no text was paid for and no vector written. */
async function refusal(folder: string, changed: Parameters<typeof indexed>[1] = {}, file?: string) {
  const { task, rig } = await indexed(folder, changed, file);
  expect(task.status).toBe("FAILED");
  expect(rig.embedder.paid).toEqual([]);
  expect(rig.index.vectors.size).toBe(0);
  expect(Buffer.byteLength(task.error ?? "")).toBeLessThanOrEqual(maxMessageBytes);
  expect(task.error).not.toMatch(/\p{Cc}/u);
  return task.error ?? "";
}

testCases({
  "01-long-unbroken-cell": async () => {
    const { failed, metadata, seconds } = await indexed("01-long-unbroken-cell");
    expect(failed).toEqual([[2, "text_too_long"]]);
    expect(Object.keys(metadata)).toEqual(["v2/12.1", "v2/12.3"]);
    expect(seconds).toBeLessThan(10);
  },
  "02-latin1-bytes": async () => {
    expect(await refusal("02-latin1-bytes")).toMatch(/Row 1 .*not utf-8.*encoding=windows-1252/);
    const { metadata } = await indexed("02-latin1-bytes", { encoding: "windows-1252" });
    expect(metadata["v2/12.1"]).toMatchObject({ text: "Rückgabe der Geräte für Müller", city: "Köln" });
  },
  "03-utf16le-bom": async () => {
    const { counts, metadata } = await indexed("03-utf16le-bom");
    expect(counts).toMatchObject({ processed: 2, failed: 0 });
    expect(JSON.stringify(metadata)).not.toMatch(/\0|\ufffd/);
  },
  "04-sep-semicolon": async () => {
    const { metadata } = await indexed("04-sep-semicolon");
    expect(metadata).toMatchObject({
      "v2/12.1": { text: "hello; world", city: "Bonn", amount: "1,5" },
      "v2/12.2": { text: "zweite", city: "Köln", amount: "2,5" },
    });
  },
  "06-cr-only": async () => {
    expect(await refusal("06-cr-only")).toContain("lines end with CR alone");
  },
  "08-cr-cr-lf": async () => {
    const { metadata } = await indexed("08-cr-cr-lf");
    expect(metadata).toMatchObject({ "v2/12.1": { amount: "Berlin" }, "v2/12.2": { amount: "Paris" } });
  },
  "09-xlsx-as-csv": async () => {
    expect(await refusal("09-xlsx-as-csv")).toContain("is a zip archive or an Excel workbook, not a CSV");
  },
  "10-proto-column": async () => {
    const { metadata, counts } = await indexed("10-proto-column");
    expect(counts).toMatchObject({ processed: 2 });
    expect(Object.entries(metadata["v2/12.1"] ?? {}).sort()).toEqual([
      ["__proto__", "alpha"],
      ["constructor", "beta"],
      ["id", "1"],
      ["text", "row one"],
      ["toString", "gamma"],
    ]);
  },
  "11-reserved-text-column": async () => {
    const { metadata } = await indexed("11-reserved-text-column");
    expect(metadata["v2/12.1"]).toEqual({
      id: "1",
      text: "cleaned text for embedding",
      source_text: "the ORIGINAL customer words",
      city: "Bonn",
    });
  },
  "12-e-notation-codes": async () => {
    const { metadata } = await indexed("12-e-notation-codes");
    const column = (name: string) => Object.values(metadata).map((one) => one[name]);
    expect(column("sku")).toEqual(["1E5", "12E4", "655e38", "AB12"]);
    expect(column("version")).toEqual(["1.10", "1.1", "1.0", "2.20"]);
    expect(column("build")).toEqual(["2E10", "3", "4", "5"]);
  },
  "13-duplicate-ids": async () => {
    const { task, rig, metadata, counts } = await indexed("13-duplicate-ids");
    expect(counts).toMatchObject({ processed: 2, failed: 0, duplicates: 2 });
    expect(metadata["v2/12.1"]).toMatchObject({ text: "third text", city: "Paris" });
    expect(rig.duplicateRows(task.task_id)).toEqual([
      [1, "replaced"],
      [2, "replaced"],
    ]);
  },
  "15-gzip-two-members": async () => {
    const { counts } = await indexed("15-gzip-two-members", {}, "input.csv.gz");
    expect(counts).toMatchObject({ processed: 3, failed: 0 });
  },
  "16-gzip-trailing-garbage": async () => {
    expect(await refusal("16-gzip-trailing-garbage", {}, "input.csv.gz")).toContain(
      "other bytes after its end",
    );
  },
  "18-empty-file": async () => {
    expect(await refusal("18-empty-file")).toContain("is empty");
  },
  "19-header-only": async () => {
    const { task } = await indexed("19-header-only");
    expect(task).toMatchObject({ status: "SKIPPED", rows: 0 });
  },
  "20-bom-only": async () => {
    expect(await refusal("20-bom-only")).toContain("is empty: it has no header");
  },
  "21-duplicate-header": async () => {
    expect(await refusal("21-duplicate-header")).toContain("duplicate column city");
  },
  "23-nul-in-cell": async () => {
    const { failed, rig, task, metadata } = await indexed("23-nul-in-cell");
    expect(failed).toEqual([[1, "characters_unfit"]]);
    expect(rig.work.text(`failed/${task.task_id}/000000.ndjson`)).toContain(
      "column city has a NUL at character 3",
    );
    expect(Object.keys(metadata)).toEqual(["v2/12.2"]);
  },
  "24-unbalanced-quote": async () => {
    expect(await refusal("24-unbalanced-quote")).toContain("the quotes that row 2 opens");
  },
  "26-5000-columns": async () => {
    const { task, counts, failed } = await indexed("26-5000-columns");
    expect(counts?.processed).toBe(2 - failed.length);
    expect(failed.every(([, reason]) => reason === "metadata_too_large")).toBe(true);
    expect((task.error ?? "").length).toBeLessThan(200);
  },
  "27-one-mb-cell": async () => {
    const { failed, metadata, seconds } = await indexed("27-one-mb-cell");
    expect(failed).toEqual([[1, "text_too_long"]]);
    expect(Object.keys(metadata)).toEqual(["v2/12.2"]);
    expect(seconds).toBeLessThan(10);
  },
  "28-huge-wrong-header": async () => {
    expect(await refusal("28-huge-wrong-header")).toContain("there is no column id, formatted_text");
  },
  "30-nbsp-and-rtl": async () => {
    const { failed, metadata } = await indexed("30-nbsp-and-rtl");
    expect(failed).toEqual([3, 4, 5, 6].map((row) => [row, "text_blank"]));
    expect(metadata["v2/12.2"]?.text).toBe("👩‍👩‍👧‍👦 family 👍🏽");
    expect(String(metadata["v2/12.1"]?.text)).toContain("שלום");
  },
  "32-html": async () => {
    const { metadata } = await indexed("32-html");
    expect(Object.values(metadata).map(({ text }) => text)).toEqual([
      "If a <b and c> d then <50 units, I <3 you; A<B, Foo<Bar>; head > shoulders",
      "bold ’quoted’ café x y R&D AT&T ?a=1&copy=2&lt=3",
      "visible shown one two three",
      "List<String> map<int,Link> link price",
      expect.not.stringContaining("<script"),
    ]);
  },
  "33-crlf-mixed": async () => {
    const { metadata, failed } = await indexed("33-crlf-mixed");
    expect(metadata).toMatchObject({
      "v2/12.1": { text: "line one line two", amount: 1 },
      "v2/12.2": { text: "two", amount: 2 },
      "v2/12.3": { text: "three", amount: 3 },
    });
    expect(failed).toEqual([[3, "columns_disagree"]]);
  },
  "36-uppercase-header": async () => {
    const { metadata } = await indexed("36-uppercase-header");
    expect(metadata).toEqual({ "v2/12.1": { id: "1", text: "hello", city: "Bonn" } });
  },
  "37-json-as-csv": async () => {
    expect(await refusal("37-json-as-csv")).toContain("is JSON, not a CSV");
  },
  "38-numbers-intl": async () => {
    const { metadata } = await indexed("38-numbers-intl");
    expect(Object.values(metadata).map(({ text, ...rest }) => rest)).toEqual([
      {
        id: "1",
        amount: "1,250",
        zip: "01234",
        phone: "+49301234567",
        big: "12345678901234567890",
        neg: "-0",
        pct: "12%",
        time: "10:30",
        dec: "1.250,00",
      },
      {
        id: "2",
        amount: "1,25",
        zip: "12345-6789",
        phone: "00491234",
        big: "9007199254740993",
        neg: "-0.0",
        pct: "1e-400",
        time: "24:00",
        dec: ".5",
      },
      {
        id: "3",
        amount: "12,34,567",
        zip: "٣٤",
        phone: "0x1F",
        big: "1_000",
        neg: "--5",
        pct: "1e400",
        time: "TRUE",
        dec: "5.",
      },
    ]);
  },
});
