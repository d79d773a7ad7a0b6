import { setTimeout as sleep } from "node:timers/promises";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { eventually } from "../flows/eventually.ts";
import { nothingWasRefused } from "../flows/looking.ts";
import { CatchingUp } from "./catch-up/catching-up.ts";
import { Embeddings } from "./catch-up/embeddings.ts";
import { SentFile } from "./catch-up/files.ts";
import { all, chosen, faultTest, type Random } from "./seeds.ts";

jest.setTimeout(300_000);

const rowsPerChunk = 10;
const slowMs = 400;
const draws = Array.from({ length: all ? 5 : 1 }, (_, number) => number + 1);

let embeddings: Embeddings;
let catching: CatchingUp;

beforeAll(async () => {
  embeddings = await Embeddings.start();
  catching = await CatchingUp.start({
    "embedding:baseUrl": embeddings.baseUrl,
    "embedding:model": "lengths",
    "catchup:rowsPerChunk": String(rowsPerChunk),
  });
});

afterAll(async () => {
  await catching?.stop();
  await embeddings?.stop();
});

afterEach(() => {
  embeddings.takesMs = 0;
  embeddings.instead = () => undefined;
  catching.pinecone.interfere = () => undefined;
});

/** Kills all processes of a function, and waits until they are gone. */
async function kill(functionName: string): Promise<void> {
  const pids = await catching.stack.processesOf(functionName);
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await eventually(30, async () => {
    const left = await catching.stack.processesOf(functionName);
    expect(left.filter((pid) => pids.includes(pid))).toEqual([]);
  });
}

/** Invocations of a function that ended because their process did. */
async function killedInvocations(logGroup: string): Promise<number> {
  return (await catching.stack.logged(logGroup, "Runtime.ExitError")).length;
}

interface Moment {
  readonly random: Random;
  readonly withinMs: number;
}

/** Kills a function some moments after something has begun; an invocation of it ends thereby. */
async function killedAt(
  name: "run" | "chunk",
  hasBegun: () => boolean,
  { random, withinMs }: Moment,
): Promise<void> {
  const group = catching.outputs.logGroups[name];
  const before = await killedInvocations(group);
  await eventually(60, async () => expect(hasBegun()).toBe(true));
  await sleep(random.below(withinMs));
  await kill(catching.outputs.functions[name]);
  await eventually(30, async () => expect(await killedInvocations(group)).toBeGreaterThan(before));
}

const embeddingIsInFlight = () => embeddings.open > 0;
const upsertIsInFlight = () => catching.pinecone.open > 0;

function slowUpserts(): void {
  catching.pinecone.interfere = async ({ path }) => {
    if (path.endsWith("/vectors/upsert")) await sleep(slowMs);
    return undefined;
  };
}

/** Kills a function at a moment of a task and once more, and holds that the task's totals are exact and nothing was paid twice. */
async function taskKilledTwice(
  name: "run" | "settle",
  moment: () => Promise<void>,
  random: Random,
): Promise<void> {
  const file = await SentFile.put(catching, 38);
  // Whatever is warm is killed first: the next process is there because there is work for it.
  await kill(catching.outputs.functions[name]);
  const taskId = await catching.started({ ...file.request, host: "state_machine" });
  await moment();
  await kill(catching.outputs.functions[name]);
  await sleep(random.below(2_000));
  await kill(catching.outputs.functions[name]);
  await file.expectAccounted(await catching.over(taskId));
  expect(file.ownAmong(embeddings.paid)).toHaveLength(38);
}

describe("after a process is killed another takes over: totals are exact, and every row is there once", () => {
  for (const drawn of draws) {
    faultTest(`F20 F21 chunks as they embed, drawn for the ${drawn}. time`, async (random) => {
      const file = await SentFile.put(catching, 62);
      embeddings.takesMs = slowMs;
      const taskId = await catching.started({ ...file.request, host: "state_machine" });
      for (const withinMs of [slowMs / 2, slowMs / 2]) {
        await killedAt("chunk", embeddingIsInFlight, { random, withinMs });
      }
      await file.expectAccounted(await catching.over(taskId));
    });

    faultTest(
      `F12 a chunk as it writes, drawn for the ${drawn}. time, and no text is paid for twice`,
      async (random) => {
        // One chunk: another beside it could die between the provider's answer and the storing of it, and pay again.
        const file = await SentFile.put(catching, 9);
        slowUpserts();
        const taskId = await catching.started({ ...file.request, host: "state_machine" });
        for (const withinMs of [slowMs / 2, slowMs / 2]) {
          await killedAt("chunk", upsertIsInFlight, { random, withinMs });
        }
        await file.expectAccounted(await catching.over(taskId));
        const paid = file.ownAmong(embeddings.paid);
        expect(paid.sort()).toEqual(file.rows.map((_, index) => file.textOf(index + 1)).sort());
      },
    );

    faultTest(`F12 F20 the function that works alone, drawn for the ${drawn}. time`, async (random) => {
      const file = await SentFile.put(catching, 38);
      slowUpserts();
      const taskId = await catching.started({ ...file.request, host: "function" });
      for (const withinMs of [slowMs / 2, slowMs / 2]) {
        await killedAt("run", upsertIsInFlight, { random, withinMs });
      }
      await file.expectAccounted(await catching.over(taskId));
      expect(file.ownAmong(embeddings.paid)).toHaveLength(38);
    });
  }

  for (const drawn of draws) {
    faultTest(`F20 F21 run as it plans and hands over, drawn for the ${drawn}. time`, async (random) => {
      // Its process is warm from the preflight, so the moment may come before its work, in it or behind it.
      await taskKilledTwice("run", () => sleep(random.below(300)), random);
    });

    faultTest(`F20 F21 settle as it sums and ends, drawn for the ${drawn}. time`, async (random) => {
      const { settle } = catching.outputs.functions;
      const someMomentsAfterItsStart = async () => {
        await eventually(60, async () => expect(await catching.stack.processesOf(settle)).not.toEqual([]));
        await sleep(random.below(300));
      };
      // On a busy machine its start and its work may be over by then: the next task is tried.
      const before = await killedInvocations(catching.outputs.logGroups.settle);
      for (let tried = 0; tried < 5; tried += 1) {
        await taskKilledTwice("settle", someMomentsAfterItsStart, random);
        if ((await killedInvocations(catching.outputs.logGroups.settle)) > before) return;
      }
      throw new Error("No moment came while settle was at work.");
    });
  }
});

describe("what fails for good fails alone", () => {
  const host = "state_machine";

  faultTest(
    "F18 F19 F20 a chunk whose attempts are used up: its rows fail with their source, and can be tried again",
    async () => {
      const file = await SentFile.put(catching, 38);
      let attempts = 0;
      embeddings.instead = (texts) => {
        if (!texts.includes(file.textOf(12))) return undefined;
        attempts += 1;
        return { status: 200, body: { data: [] } };
      };
      const task = await catching.over(await catching.started({ ...file.request, host }), 200);
      expect(attempts).toBe(5);
      const failed = Array.from({ length: rowsPerChunk }, (_, index) => index + 11);
      await file.expectAccounted(task, failed, "chunk_failed");
      expect(task.progress).toMatchObject({ chunks_total: 4, chunks_completed: 3, chunks_failed: 1 });

      embeddings.instead = () => undefined;
      const { body } = await catching.ask("POST", `/tasks/${task.task_id}/retry-failed`);
      const retried = await catching.over(String(body.task_id));
      expect(retried).toMatchObject({ status: "COMPLETED", progress: { total_records: rowsPerChunk } });
      expect(await catching.ids(file.namespace)).toHaveLength(38);
    },
  );

  faultTest("F18 F20 a record that Pinecone refuses", async () => {
    const file = await SentFile.put(catching, 38);
    catching.pinecone.interfere = ({ body }) =>
      body.includes(`"${file.idOf(17)}"`)
        ? { status: 400, body: { code: 3, message: "This record is not liked", details: [] } }
        : undefined;
    const task = await catching.over(await catching.started({ ...file.request, host }));
    await file.expectAccounted(task, [17], "refused_by_index");
  });

  faultTest("F18 F20 a text that the model refuses", async () => {
    const file = await SentFile.put(catching, 38);
    embeddings.instead = (texts) =>
      texts.includes(file.textOf(29))
        ? { status: 400, body: { error: { message: "This text is not liked" } } }
        : undefined;
    const task = await catching.over(await catching.started({ ...file.request, host }));
    await file.expectAccounted(task, [29], "refused_by_model");
  });
});

/** Of all functions that work on rows. */
async function invocations(): Promise<number> {
  const { run, chunk } = catching.outputs.logGroups;
  const started = await Promise.all(
    [run, chunk].map((group) => catching.stack.logged(group, '"START RequestId"')),
  );
  return started.flat().length;
}

/** The function that plans was invoked for the preflight and the plan, and each chunk once: none failed and was tried again. */
async function expectInvocations(before: number, needed: number): Promise<void> {
  await eventually(30, async () => expect((await invocations()) - before).toBeGreaterThanOrEqual(needed));
  expect((await invocations()) - before).toBe(needed);
}

describe("what passes is waited for, and costs no row", () => {
  const again = 6;
  const hosts = chosen(["function", "state_machine"], 1);

  for (const host of hosts) {
    faultTest(`F23 a provider that answers 429 for a while is no attempt, in the ${host}`, async () => {
      const file = await SentFile.put(catching, 25);
      const before = await invocations();
      let left = again;
      embeddings.instead = (texts) => {
        if (!texts.includes(file.textOf(1))) return undefined;
        left -= 1;
        return left >= 0
          ? { status: 429, headers: { "retry-after-ms": "50" }, body: { error: { message: "slow down" } } }
          : undefined;
      };
      await file.expectAccounted(await catching.over(await catching.started({ ...file.request, host })));
      expect(file.ownAmong(embeddings.paid)).toHaveLength(25);
      await expectInvocations(before, host === "function" ? 2 : 5);
    });
  }

  const troubles = [
    ["429", { status: 429, headers: { "retry-after-ms": "50" } }, again],
    ["500", { status: 500 }, 2],
    ["503", { status: 503 }, 2],
  ] as const;
  for (const [name, instead, times] of chosen(troubles, 2)) {
    faultTest(`F23 Pinecone that answers ${name} for a while`, async () => {
      const file = await SentFile.put(catching, 25);
      const before = await invocations();
      let left: number = times;
      catching.pinecone.interfere = ({ path, body }) => {
        if (!path.endsWith("/vectors/upsert") || !body.includes(`"${file.idOf(1)}"`)) return undefined;
        left -= 1;
        return left >= 0 ? instead : undefined;
      };
      const task = await catching.over(await catching.started({ ...file.request, host: "state_machine" }));
      await file.expectAccounted(task);
      expect(file.ownAmong(embeddings.paid)).toHaveLength(25);
      await expectInvocations(before, 5);
    });
  }
});

faultTest("F22 what an execution is given and answers is as large for many chunks as for one", async () => {
  const sizes: [given: number, answered: number][] = [];
  for (const rows of [rowsPerChunk, rowsPerChunk * 12]) {
    const file = await SentFile.put(catching, rows);
    const taskId = await catching.started({ ...file.request, host: "state_machine" });
    await file.expectAccounted(await catching.over(taskId));
    await eventually(30, async () => expect((await catching.executionOf(taskId)).output).toBeDefined());
    const { input = "", output = "" } = await catching.executionOf(taskId);
    expect(Object.keys(JSON.parse(input)).sort()).toEqual(["chunks_key", "task_id"]);
    sizes.push([input.length, output.length]);
  }
  expect(sizes[1]).toEqual(sizes[0]);
});

test("F24 no key stands in a function's configuration, in a task's items or in a log", async () => {
  const { functions, logGroups, tasksTable } = catching.outputs;
  const told = await Promise.all(Object.values(functions).map((name) => catching.environmentOf(name)));
  const { Items = [] } = await catching.stack.dynamo.send(new ScanCommand({ TableName: tasksTable }));
  expect(Items.length).toBeGreaterThan(10);
  const readable = JSON.stringify([told, Items]);
  const keys = await catching.keys();
  expect(new Set(keys).size).toBe(4);
  for (const key of keys) {
    expect(readable).not.toContain(key);
    for (const group of Object.values(logGroups))
      expect(await catching.stack.logged(group, `"${key}"`)).toEqual([]);
  }
});

test("no process of the stack was refused anything", () => nothingWasRefused(catching.stack));
