import { CatchingUp } from "./catch-up/catching-up.ts";
import { Embeddings } from "./catch-up/embeddings.ts";
import { SentFile } from "./catch-up/files.ts";
import { faultTest } from "./seeds.ts";

jest.setTimeout(300_000);

const perSecond = 1;
/** What the limiter lets through at once after a pause: ten seconds' worth. */
const burst = 10 * perSecond;

let embeddings: Embeddings;
let catching: CatchingUp;

beforeAll(async () => {
  embeddings = await Embeddings.start();
  catching = await CatchingUp.start({
    "embedding:baseUrl": embeddings.baseUrl,
    "embedding:model": "lengths",
    "catchup:rowsPerChunk": "4",
    "catchup:requestsPerSecond": String(perSecond),
  });
});

afterAll(async () => {
  await catching?.stop();
  await embeddings?.stop();
});

faultTest(
  "F23 all processes of all tasks together keep to the limit, and what is sent again after 429 counts too",
  async () => {
    let refusals = 3;
    embeddings.instead = () => {
      refusals -= 1;
      return refusals >= 0
        ? { status: 429, headers: { "retry-after-ms": "10" }, body: { error: { message: "slow down" } } }
        : undefined;
    };
    const files = [await SentFile.put(catching, 48), await SentFile.put(catching, 32)];
    const [large, small] = files.map(({ request }) => request);
    const taskIds = [
      await catching.started({ ...large, host: "state_machine" }),
      await catching.started({ ...small, host: "function" }),
    ];
    const tasks = await Promise.all(taskIds.map((taskId) => catching.over(taskId, 180)));
    for (const [index, file] of files.entries()) {
      const task = tasks[index];
      if (task) await file.expectAccounted(task);
    }

    const cameAt = embeddings.cameAt.toSorted((one, other) => one - other);
    const preflights = taskIds.length;
    expect(cameAt).toHaveLength(12 + 8 + 3 + preflights);
    // From any request to any later one; one second of tolerance for slow requests.
    for (const [first, from] of cameAt.entries()) {
      for (const [last, to] of cameAt.entries()) {
        if (last >= first)
          expect(last - first + 1).toBeLessThanOrEqual(burst + perSecond * ((to - from) / 1000 + 1) + 1);
      }
    }
  },
);
