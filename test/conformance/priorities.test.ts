import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { bulkWork, niceness } from "../../local/processes/background.ts";
import { eventually, TestAws } from "./local-aws.ts";

jest.setTimeout(30_000);

const root = join(import.meta.dirname, "../..");
const autogroup = "/proc/self/autogroup";

/** The niceness of the process, and of its session where the system has such a thing. */
const code = `
import { getPriority } from "node:os";
import { readFileSync } from "node:fs";
const ofSession = () => Number(/nice (-?\\d+)/.exec(readFileSync("${autogroup}", "utf8"))?.[1]);
export const handler = async (sessions) => ({ process: getPriority(), session: sessions ? ofSession() : 0 });`;

let aws: TestAws;
let lambda: LambdaClient;

beforeAll(async () => {
  aws = await TestAws.start();
  lambda = new LambdaClient(aws.client);
});

afterAll(async () => {
  lambda.destroy();
  await aws.stop();
});

async function priorities(FunctionName: string): Promise<{ process: number; session: number }> {
  const Payload = Buffer.from(JSON.stringify(existsSync(autogroup)));
  const { Payload: answer = [] } = await lambda.send(new InvokeCommand({ FunctionName, Payload }));
  return JSON.parse(Buffer.from(answer).toString());
}

test("a function that works in bulk makes way for those on the way to a search", async () => {
  await aws.createFunction("stack-embed", { code });
  await aws.createFunction("stack-compaction", { code });
  const usual = await priorities("stack-compaction");
  await eventually(async () =>
    expect(await priorities("stack-embed")).toEqual({
      process: usual.process + niceness,
      session: existsSync(autogroup) ? niceness : 0,
    }),
  );
  expect(usual.session).toBe(0);
});

test("each name of bulk work is a function or a service", () => {
  const known = ["functions", "containers"].flatMap((folder) => readdirSync(join(root, folder)));
  expect(known).toEqual(expect.arrayContaining([...bulkWork]));
});
