import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { describe } from "../cli/command.ts";
import { Screen } from "../cli/screen.ts";
import { findReceiptFolders, type ReceiptFolder } from "../core/ingest/export-folder.ts";
import { portsAfter } from "./free-ports.ts";
import { startLocalStack } from "./stack.ts";
import { FirstRun } from "./start/first-run.ts";
import { ImageRun, soundImages } from "./start/image-run.ts";
import { nextCommands } from "./start/next-commands.ts";
import { readOptions, usage } from "./start/options.ts";
import { announce, requireFreeFolder, withdraw } from "./start/running-stack-file.ts";

const stateFolder = join(".vectorkeep", "local");
const screen = new Screen(process.stdout);
const interrupted = new AbortController();

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupt());
  // The reader of the pipe is gone.
  process.stdout.on("error", () => interrupted.abort());
  const folders = await findReceiptFolders(options.receipts);
  const pictures = await soundImages(options.images);
  await requireFreeFolder();
  const began = performance.now();
  screen.heading("Starting a local AWS and deploying infra/ into it");
  if (!options.keep && existsSync(stateFolder)) {
    screen.print(`  The state of the last stack in ${stateFolder} is deleted; --keep would continue it`);
  }
  const { port, keep } = options;
  const stack = await startLocalStack({ port, ports: portsAfter(port), stateFolder, keep, save: true });
  try {
    Object.assign(process.env, stack.environment);
    await announce(stack);
    const seconds = (performance.now() - began) / 1000;
    if (stack.broker !== undefined) {
      screen.print(`  Jobs of the bulk API wait in ${stack.broker}; bulk:redisUrl would name another broker`);
    }
    screen.print(`  ${stack.endpoint} is up and the stack local is deployed, after ${seconds.toFixed(1)} s`);
    const firstRun = new FirstRun(stack, screen, interrupted.signal, stateFolder);
    const images = stack.outputs.images && new ImageRun(stack, screen, interrupted.signal);
    const found = stack.continued
      ? []
      : [...(await firstRun.run(folders, seconds)), ...((await images?.run(pictures)) ?? [])];
    if (stack.continued) screen.print("  The stack continues with its saved state; no receipts are sent");
    else tell(found, found.length > 0 ? await firstRun.reasons() : []);
    if (found.length === 0 && !stack.continued) {
      await firstRun.search();
      await images?.search();
    }
    if (options.once) {
      process.exitCode = found.length > 0 ? 1 : 0;
      return;
    }
    await offer(firstRun, stack, folders);
    await untilInterrupted();
  } finally {
    screen.print("", "Stopping");
    await withdraw();
    await stack.stop();
  }
}

function tell(found: readonly string[], reasons: readonly string[]): void {
  if (found.length === 0) {
    screen.print(
      "",
      screen.paint("green", "Every line and word is published exactly once, and every queue is empty."),
    );
    return;
  }
  screen.print("", screen.paint("red", "The check failed:"), ...found.map((sentence) => `  - ${sentence}`));
  if (reasons.length > 0) screen.print("Errors in the logs:", ...reasons.map((reason) => `  - ${reason}`));
}

async function offer(
  firstRun: FirstRun,
  { outputs, environment }: Awaited<ReturnType<typeof startLocalStack>>,
  folders: readonly ReceiptFolder[],
): Promise<void> {
  const [folder] = folders;
  if (folder === undefined) return;
  const message = await firstRun.exampleMessage(folder);
  screen.heading(`Try next, in another terminal in ${basename(process.cwd())}`);
  screen.suggest(nextCommands(outputs, environment, message));
  screen.print("", "The stack stays up; Ctrl-C stops it.");
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    if (interrupted.signal.aborted) resolve();
    interrupted.signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The first signal stops gracefully, the second one immediately. */
function interrupt(): void {
  if (interrupted.signal.aborted) process.exit(130);
  interrupted.abort();
}

main().catch((error: unknown) => {
  if (interrupted.signal.aborted) process.exit(130);
  process.stderr.write(`${describe(error)}\n`);
  process.exitCode = 1;
});
