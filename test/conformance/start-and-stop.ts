import { type LocalStackOptions, startLocalStack } from "../../local/stack.ts";

/** Starts a stack as the argument says, stops it, and sends what it was or why it did not start. */
const options = JSON.parse(process.argv[2] ?? "{}") as LocalStackOptions;
const secrets = {
  "embedding:apiKey": "made-up-for-a-test-of-secrets",
  "query:apiKey": "made-up-for-a-test-of-secrets",
};
try {
  const { stop, outputs, environment, problems } = await startLocalStack({ ...options, secrets });
  await stop();
  process.send?.({ outputs, environment, problems });
} catch (error) {
  const { name, message } = error as Error;
  process.send?.({ error: { name, message } });
}
process.disconnect();
