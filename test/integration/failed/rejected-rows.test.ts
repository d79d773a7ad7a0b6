import { RejectedRows } from "../../../core/failed/rejected-rows.ts";
import { Stage } from "../../unit/ingest/stage.ts";
import { image, line, ndjsonOf, word } from "../../unit/receipts/rows-of.ts";
import { Tables } from "../../unit/runs/tables.ts";

let tables: Tables;
let stage: Stage;

beforeEach(async () => {
  tables = await Tables.start();
  stage = new Stage(tables);
});
afterEach(() => tables.stop());

const box = { x: 0.1, y: 0.5, width: 0.2, height: 0.02 };
const source = () => new RejectedRows({ s3: stage.services.s3, bucket: "deltas", runs: stage.runs });

async function exportWith(bad: readonly string[], revision: number): Promise<void> {
  const lines = Buffer.concat([ndjsonOf([line(1, "GOOD", box)]), Buffer.from(`\n${bad.join("\n")}`)]);
  await stage.ingest(
    stage.delivery(stage.objects(image, lines, ndjsonOf([word(1, 1, "GOOD", box)])), revision),
  );
}

describe("F36: rejected rows of the current run are listed with receipt, line and reason", () => {
  test("and those of a superseded run are not", async () => {
    await exportWith(["no row", "{}"], 100);
    const { things, total } = await source().list(10);
    expect(total).toBe(2);
    expect(things).toEqual([
      expect.objectContaining({
        image_id: image,
        receipt_id: 1,
        entity: "row in line 2 of the lines file",
        reason: expect.stringMatching(/^not JSON/),
      }),
      expect.objectContaining({
        entity: "row in line 3 of the lines file",
        reason: expect.stringContaining("line_id"),
      }),
    ]);
    expect((await source().list(1)).things).toHaveLength(1);

    await exportWith([], 200);
    expect(await source().list(10)).toEqual({ things: [], total: 0 });
  });

  test("they stay until their receipt is exported again or they are purged", async () => {
    await exportWith(["no row"], 100);
    const { retried, stayed } = await source().retry();
    expect([retried, stayed.map(({ reason }) => reason)]).toEqual([
      0,
      [expect.stringMatching(/export the receipt again$/)],
    ]);
    expect(await source().purge(await source().list(10))).toBe(1);
    expect(await source().list(10)).toEqual({ things: [], total: 0 });
  });
});
