import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freshStack } from "../fresh-stack.ts";
import { historyOf } from "../history.ts";
import { all, faultTest, Random } from "../seeds.ts";
import type { Stack } from "../stack.ts";

const freshly = freshStack();
const minutes = 60_000;
/** Contenders of one process each; their wall clocks are minutes apart. */
const clocks = [-5 * minutes, 0, 0, 0, 5 * minutes];
const [crowd, rounds] = all ? [10, 10] : [4, 5];
const skew = join(import.meta.dirname, "../process/skewed-wall-clock.ts");
/** Beyond the lease of a second. */
const pausedMs = 1_500;

const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
});

function crowdOf(stack: Stack, offByMs: number): ChildProcess {
  const child = fork(
    join(import.meta.dirname, "contenders.ts"),
    [stack.controlTable, `${crowd}`, `${rounds}`],
    {
      execArgv: ["--import", skew],
      env: { PATH: process.env.PATH, ...stack.aws.environment, WALL_CLOCK_OFF_BY_MS: String(offByMs) },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    },
  );
  running.add(child);
  return child;
}

/** Stops the process as soon as one of its contenders holds the lease, until it has been taken over. */
async function stopWhileItHolds(child: ChildProcess): Promise<void> {
  await once(child, "message");
  child.kill("SIGSTOP");
  await pause(pausedMs);
  child.kill("SIGCONT");
}

describe("F3 F4 F21: many contenders for one lease", () => {
  faultTest(
    "each contender publishes each of its rounds exactly once, whichever is paused and whatever the clocks say",
    async () => {
      const random = new Random("paused");
      const stack = await freshly();
      const children = clocks.map((offByMs) => crowdOf(stack, offByMs));
      const exits = children.map(async (child) => (await once(child, "exit"))[0] as number);
      for (const child of random.some(children, all ? 3 : 1)) await stopWhileItHolds(child);
      expect(await Promise.all(exits)).toEqual(clocks.map(() => 0));
      const { shards, problems } = await historyOf(stack);
      expect(problems).toEqual([]);
      expect(Number(shards.lines.head?.split("-")[0])).toBe(clocks.length * crowd * rounds);
      expect(shards.lines.items.at(-1)?.owner).toBeUndefined();
    },
  );
});
