/** Runs one local stack for a test: the child of RunningStack, which asks it over IPC. Ends with its parent. */
import { startLocalStack } from "../../local/stack.ts";

const [stateFolder = "", config = "{}"] = process.argv.slice(2);

async function main(): Promise<void> {
  const { "bulk:redisUrl": brokerUrl, ...plain } = JSON.parse(config) as Record<string, string>;
  const secrets = brokerUrl === undefined ? {} : { "bulk:redisUrl": brokerUrl };
  const stack = await startLocalStack({ port: 0, config: plain, secrets, stateFolder });
  const { outputs, environment } = stack;
  process.on("message", ({ id, processesOf }: { id: number; processesOf: string }) => {
    const answer = { usage: stack.embeddingsUsage, processes: stack.functionProcesses(processesOf) };
    process.send?.({ id, ...answer, problems: stack.problems });
  });
  process.once("disconnect", () => void stack.stop().then(() => process.exit(0)));
  process.send?.({ outputs, environment, files: stack.fileSystemFolder(outputs.collectionsFileSystem) });
}

main().catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
