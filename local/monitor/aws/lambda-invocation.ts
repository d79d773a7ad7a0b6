import * as z from "zod";
import { parseInputs } from "../inputs.ts";
import { lastingId } from "../names.ts";
import type { Creators } from "../resource.ts";

const invocation = z.strictObject({
  functionName: z.string(),
  input: z.string(),
  qualifier: z.literal("$LATEST").optional(),
  triggers: z.unknown().optional(),
  lifecycleScope: z.literal("CREATE_ONLY").optional(),
});

export const lambdaInvocationCreators: Creators = {
  /** The function runs while the program is deployed, and the deployment fails with it. */
  async "aws:lambda/invocation:Invocation"({ name, inputs }, { functions }) {
    const { functionName, input } = parseInputs(invocation, inputs);
    const pool = functions.find(functionName);
    if (pool === undefined) throw new Error(`There is no function ${functionName}`);
    const { payload, failed } = await pool.invoke(input);
    if (failed) throw new Error(`The function ${functionName} failed: ${payload}`);
    return { id: lastingId("invocation", name), outputs: { result: payload } };
  },
};
