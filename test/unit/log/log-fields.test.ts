import { errorFields, type Log, receiptFields, runFields, silentLog } from "../../../core/log.ts";
import { VectorkeepError } from "../../../core/vectorkeep-error.ts";

const imageId = "3f52804b-2fad-4e00-92c8-b593da3a8ed3";

class LeaseStolenError extends VectorkeepError {
  constructor() {
    super("The lease is stolen.", "Try again.");
  }
}

describe("the fields of log lines", () => {
  test("a line about a run names its image, so that a query by image_id finds it", () => {
    const run = { imageId, receiptId: 2, runId: "run-1" };
    expect(receiptFields(run)).toEqual({ image_id: imageId, receipt_id: 2 });
    expect(runFields(run)).toEqual({ image_id: imageId, receipt_id: 2, run_id: "run-1" });
  });

  test("an error is its name, its code and its reason", () => {
    expect(errorFields(new LeaseStolenError())).toEqual({
      error_name: "LeaseStolenError",
      error_code: "VK_LEASE_STOLEN",
      reason: "The lease is stolen. Try again.",
    });
    const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
    expect(errorFields(full)).toEqual({
      error_name: "Error",
      error_code: "ENOSPC",
      reason: "no space left",
    });
  });

  test("what was thrown without being an error has a reason too", () => {
    expect(errorFields("down")).toEqual({ error_name: "string", reason: "down" });
  });

  // The compiler is the guard: `npm run check` fails where one of these lines is accepted.
  test("the compiler refuses a field that the vocabulary does not have", () => {
    const log: Log = silentLog;
    log.info("Receipt read", { image_id: imageId, duration_ms: 3 });
    // @ts-expect-error: camel case
    log.info("Receipt read", { imageId });
    const receipt = { imageId, receiptId: 2 };
    // @ts-expect-error: a spread object is checked too
    log.info("Receipt read", { ...receipt });
    // @ts-expect-error: a duration is in milliseconds
    log.info("Receipt read", { duration_ms: 3, seconds: 3 });
    // @ts-expect-error: a receipt's number is a number
    log.info("Receipt read", { receipt_id: "2" });
  });
});
