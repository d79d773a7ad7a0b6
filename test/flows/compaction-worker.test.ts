import { readdir, readFile } from "node:fs/promises";
import { LambdaClient, ListEventSourceMappingsCommand } from "@aws-sdk/client-lambda";
import { collections } from "../../contract/collections.ts";
import { eventually } from "./eventually.ts";
import { logSays, noMessageIsLeft, nothingWasRefused } from "./looking.ts";
import { heads, publishedIds } from "./published.ts";
import { isPublishedExactly } from "./published-exactly.ts";
import { keysOf, put } from "./receipt-items.ts";
import { ocrFiles } from "./receipt-rows.ts";
import { RunningStack } from "./running-stack.ts";
import { completed, planned, send } from "./sending.ts";
import { shows } from "./showing.ts";

jest.setTimeout(300_000);

const receipts = [
  ocrFiles(["HARBOUR BOOKSHOP", "ATLAS OF CLOUDS 24.00", "TOTAL 24.00"]),
  ocrFiles(["RIVERSIDE CAFE", "SOUP OF THE DAY 7.20"]),
  ocrFiles(["CORNER BAKERY", "RYE BREAD 4.10", "CASH"]),
];
let stack: RunningStack;
let lambda: LambdaClient;

beforeAll(async () => {
  stack = await RunningStack.start({ "compaction:host": "ecs" });
  lambda = new LambdaClient({
    endpoint: stack.environment.AWS_ENDPOINT_URL ?? "",
    region: stack.outputs.region,
    credentials: {
      accessKeyId: stack.environment.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: stack.environment.AWS_SECRET_ACCESS_KEY ?? "",
    },
  });
});

afterAll(async () => {
  lambda?.destroy();
  await stack?.stop();
});

test("receipts go in, and the worker publishes each of them exactly once", async () => {
  await send(stack, ...receipts);
  for (const files of receipts) await completed(stack, files);
  await noMessageIsLeft(stack);
  for (const files of receipts) await isPublishedExactly(stack, files, await completed(stack, files));
  for (const collection of collections) {
    const ids = receipts.flatMap((files) => planned(files)[collection].map(({ id }) => id));
    expect((await publishedIds(stack, collection, receipts)).sort()).toEqual(ids.sort());
  }
});

test("what was published already costs no further generation, and a change reaches its vectors", async () => {
  const [shop] = receipts as [(typeof receipts)[0]];
  const before = await heads(stack);
  await send(stack, ...receipts);
  await noMessageIsLeft(stack);
  expect(await heads(stack)).toEqual(before);
  await put(stack, keysOf(shop).metadata, { merchant_name: "Harbour Books" });
  await shows(stack, shop, { merchant: { merchant_name: "Harbour Books" } });
});

test("the function is given no message while the worker compacts", async () => {
  const { functions, logGroups } = stack.outputs;
  const FunctionName = functions.compaction;
  const { EventSourceMappings = [] } = await lambda.send(
    new ListEventSourceMappingsCommand({ FunctionName }),
  );
  expect(EventSourceMappings.map(({ State }) => State)).toEqual(["Disabled", "Disabled"]);
  expect(await stack.processesOf(FunctionName ?? "")).toEqual([]);
  expect(await stack.logged(logGroups.compaction, "START")).toEqual([]);
  await logSays(stack, logGroups.compactionWorker ?? "", '"Generation published"');
});

test("no process of the stack was refused anything", () => nothingWasRefused(stack));

test.each(["SIGTERM", "SIGKILL"] as const)(
  "a worker that gets %s in the middle of its cycles is replaced, and its work is published exactly once",
  async (signal) => {
    const { compactionWorker = "" } = stack.outputs.logGroups;
    const stepsBefore = await stack.logged(compactionWorker, '"Cycle step"');
    const more = [
      ocrFiles([`NIGHT KIOSK ${signal}`, "WATER 1.20"]),
      ocrFiles([`GARDEN ${signal}`, "FERN 8.50"]),
    ];
    await send(stack, ...more);
    await eventually(60, async () => {
      expect(await stack.logged(compactionWorker, '"Cycle step"')).not.toHaveLength(stepsBefore.length);
    });
    process.kill(await workersPid(), signal);
    for (const files of more) await isPublishedExactly(stack, files, await completed(stack, files));
    await noMessageIsLeft(stack);
    const how = signal === "SIGTERM" ? "exit status 0" : "signal: killed";
    expect(await stack.problems()).toContainEqual(
      expect.stringContaining(`compaction-worker ended (${how}) and starts again`),
    );
  },
);

/** The worker's is the only process with its program in the folder of this stack. */
async function workersPid(): Promise<number> {
  for (const pid of await readdir("/proc")) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (command.includes(stack.folder) && /compaction-worker[^\0]*main\.mjs/.test(command))
      return Number(pid);
  }
  throw new Error("There is no worker.");
}
