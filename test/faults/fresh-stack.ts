import { FaultyAws } from "./aws/faulty-aws.ts";
import { Stack, type StackOptions } from "./stack.ts";

jest.setTimeout(180_000);

/** A stack for each test of the file. The test may ask for another kind of it before its first use. */
export function freshStack(): (options?: StackOptions) => Promise<Stack> {
  let aws: FaultyAws;
  let stack: Stack | undefined;
  beforeAll(async () => {
    aws = await FaultyAws.start();
  });
  afterEach(async () => {
    await stack?.destroy();
    stack = undefined;
  });
  afterAll(() => aws.stop());
  return async (options) => {
    stack = await Stack.create(aws, options);
    return stack;
  };
}
