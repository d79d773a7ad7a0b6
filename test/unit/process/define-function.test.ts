import type { Context } from "aws-lambda";
import { z } from "zod";
import {
  defineFunction,
  type FunctionDefinition,
  type Invocation,
} from "../../../core/process/define-function.ts";
import { InputError } from "../../../core/vectorkeep-error.ts";

class ReceiptUnreadableError extends InputError {
  constructor() {
    super("The receipt cannot be read.", "Export it again.");
  }
}

const config = z.object({ RECEIPTS_TABLE: z.string().min(1), MAX_FAILURES: z.coerce.number().int() });
type Definition = FunctionDefinition<typeof config, { table: string }, string, string>;

const context = {
  functionName: "sweeper",
  awsRequestId: "request-1",
  getRemainingTimeInMillis: () => 30_000,
} as unknown as Context;
const before = { ...process.env };
let printed: string[];

beforeEach(() => {
  printed = [];
  const print = (...args: unknown[]) => void printed.push(String(args[0]));
  for (const method of ["log", "info", "warn", "error"] as const)
    jest.spyOn(console, method).mockImplementation(print);
  Object.assign(process.env, {
    RECEIPTS_TABLE: "receipts",
    MAX_FAILURES: "5",
    POWERTOOLS_METRICS_NAMESPACE: "stack",
    POWERTOOLS_DEV: "true",
    POWERTOOLS_METRICS_DISABLED: "false",
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  process.env = { ...before };
});

function functionThat(handle: Definition["handle"], changes: Partial<Definition> = {}) {
  return defineFunction<typeof config, { table: string }, string, string>({
    name: "sweeper",
    metrics: "sweeper",
    config,
    deps: ({ RECEIPTS_TABLE }, { metrics }) => {
      metrics.count("RunsGivenUp", 3);
      return { table: RECEIPTS_TABLE };
    },
    handle,
    ...changes,
  });
}

const lines = () => printed.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));

test("a handler gets its event and its dependencies, which are built once per process", async () => {
  let built = 0;
  const handler = functionThat(async (event, { table }) => `${event} ${table}`, {
    deps: ({ RECEIPTS_TABLE: table }) => {
      built += 1;
      return { table };
    },
  });
  expect([await handler("one", context), await handler("two", context)]).toEqual([
    "one receipts",
    "two receipts",
  ]);
  expect(built).toBe(1);
});

test("every problem of the environment is named before the first event", () => {
  delete process.env.RECEIPTS_TABLE;
  process.env.MAX_FAILURES = "many";
  expect(() => functionThat(async () => "")).toThrow(/RECEIPTS_TABLE.*MAX_FAILURES/s);
});

test("the work has to be over while its reserve is left", async () => {
  const seen: Invocation[] = [];
  const handler = functionThat(
    async (_event, _deps, invocation) => {
      seen.push(invocation);
      return "";
    },
    { reserveMs: 20_000 },
  );
  const now = jest.spyOn(Date, "now").mockReturnValue(1_000_000);
  await handler("event", context);
  now.mockRestore();
  expect(seen).toEqual([{ giveUpAt: 1_010_000, finishBy: 1_029_000, remainingMs: 30_000 }]);
});

test("metrics are written and the reason is logged with its code when the handler throws", async () => {
  const failure = new ReceiptUnreadableError();
  const handler = functionThat(() => Promise.reject(failure));
  await expect(handler("event", context)).rejects.toBe(failure);
  expect(lines()).toContainEqual(expect.objectContaining({ RunsGivenUp: 3 }));
  expect(lines()).toContainEqual(
    expect.objectContaining({
      level: "ERROR",
      service: "sweeper",
      function_request_id: "request-1",
      error_name: "ReceiptUnreadableError",
      error_code: "VK_RECEIPT_UNREADABLE",
      reason: "The receipt cannot be read. Export it again.",
    }),
  );
});

test("an unforeseen error is logged with its stack, a named one without", async () => {
  const bug = new TypeError("undefined is not a receipt");
  await expect(functionThat(() => Promise.reject(bug))("event", context)).rejects.toBe(bug);
  const [line] = lines().filter(({ error_name }) => error_name === "TypeError");
  expect(line.stack).toContain("define-function.test.ts");
  await functionThat(() => Promise.reject(new ReceiptUnreadableError()))("event", context).catch(
    () => undefined,
  );
  const [named] = lines().filter(({ error_name }) => error_name === "ReceiptUnreadableError");
  expect(named).not.toHaveProperty("stack");
});
