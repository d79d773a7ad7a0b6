import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFailedCsv } from "../../../../cli/catchup/failed-csv.ts";
import { failedRecordsIn } from "../../../../cli/catchup/failed-records.ts";
import { asLines, type FailedRecord } from "../../../../core/catchup/records/failed-record.ts";
import { MemoryObjects } from "../../catchup/memory-objects.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "failed-csv-"));
});
afterEach(() => rm(folder, { recursive: true }));

const one: FailedRecord = {
  row: 3,
  reason: "text_blank",
  detail: 'no "text"',
  source: { id: "7", note: "a, b\nc" },
};
const other: FailedRecord = {
  row: 9,
  reason: "id_blank",
  detail: "empty",
  source: { id: "", colour: "red" },
};

test("F36: every failed record is in the file, with its reason and the cells of its row", async () => {
  const work = new MemoryObjects();
  work.put("failed/task-1/000000.ndjson", asLines([one]));
  work.put("failed/task-1/000001.ndjson", asLines([other]));
  work.put("failed/task-2/000000.ndjson", asLines([one]));
  const path = join(folder, "failed.csv");
  expect(await writeFailedCsv(path, () => failedRecordsIn("failed/task-1/", work))).toBe(2);
  expect(await readFile(path, "utf8")).toBe(
    'failed_row,failed_reason,failed_detail,id,note,colour\n3,text_blank,"no ""text""",7,"a, b\nc",\n9,id_blank,empty,,,red\n',
  );
});

test("a file that could not be written whole does not stand under its name", async () => {
  const broken = async function* () {
    yield one;
    throw new Error("the bucket is gone");
  };
  await expect(writeFailedCsv(join(folder, "failed.csv"), broken)).rejects.toThrow("the bucket is gone");
  expect((await readdir(folder)).filter((name) => name === "failed.csv")).toEqual([]);
});
