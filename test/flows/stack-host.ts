/** Runs one local stack for a test: the child of RunningStack, which asks it over IPC. Ends with its parent. */
import { type LocalStack, startLocalStack } from "../../local/stack.ts";
import { Tripwire, type Wire } from "./tripwire.ts";

const [stateFolder = "", options = "{}"] = process.argv.slice(2);

/** How RunningStack wants it. */
interface Options {
  readonly config: Readonly<Record<string, string>>;
  readonly minuteMs?: number;
}

/** What RunningStack asks. */
interface Question {
  readonly id: number;
  readonly processesOf: string;
  readonly arm?: Pick<Wire, "functionName"> & Partial<Wire>;
}

async function main(): Promise<void> {
  const { config, ...schedules } = JSON.parse(options) as Options;
  const { "bulk:redisUrl": brokerUrl, ...plain } = config;
  const secrets = brokerUrl === undefined ? {} : { "bulk:redisUrl": brokerUrl };
  let stack: LocalStack | undefined;
  const tripwire = new Tripwire((name) => {
    for (const pid of stack?.functionProcesses(name) ?? []) process.kill(pid, "SIGKILL");
  });
  const around = tripwire.around.bind(tripwire);
  const running = await startLocalStack({
    port: 0,
    config: plain,
    secrets,
    stateFolder,
    around,
    ...schedules,
  });
  stack = running;
  const { outputs, environment } = running;
  process.on("message", ({ id, processesOf, arm }: Question) => {
    if (arm !== undefined) tripwire.arm(arm);
    const answer = { usage: running.embeddingsUsage, processes: running.functionProcesses(processesOf) };
    const { calls, isTripped, transactionId } = tripwire;
    process.send?.({ id, ...answer, problems: running.problems, calls, isTripped, transactionId });
  });
  process.once("disconnect", () => void running.stop().then(() => process.exit(0)));
  process.send?.({ outputs, environment, files: running.fileSystemFolder(outputs.collectionsFileSystem) });
}

main().catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
