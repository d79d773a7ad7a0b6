import { engineWordIn } from "../../../lint/engine-words.ts";

test.each(["core/collections/merge/reconcile.ts", "core/runs/run-item.ts", "core/verify/due.ts"])(
  "%s may not name a kind of document",
  (file) => {
    expect(engineWordIn("const key = receiptKey(run);", file)).toBe("receipt");
    expect(engineWordIn("/** The merchant of a document. */", file)).toBe("merchant");
    expect(engineWordIn("/** What a document's vectors show. */", file)).toBeUndefined();
  },
);

test("what implements the documents, and files with stored names, may", () => {
  for (const file of ["core/receipts/receipt.ts", "core/collections/generations/manifest.ts"]) {
    expect(engineWordIn("receipts: z.array(ids)", file)).toBeUndefined();
  }
});
