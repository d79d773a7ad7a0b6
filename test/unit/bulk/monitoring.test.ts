import { Monitoring } from "../../../core/bulk/api/monitoring.ts";
import { requestOf } from "../catchup/requests.ts";
import { taskOf } from "../catchup/task-tables.ts";
import { healthDeps } from "./health-deps.ts";

test("an open task whose chunks are not read, beyond the newest 50, is not said to stand still", async () => {
  const now = Date.parse("2026-12-01T12:00:00.000Z");
  const since = new Date(now - 5 * 3_600_000).toISOString();
  const open = Array.from({ length: 51 }, (_, number) =>
    taskOf({
      task_id: `task-${number}`,
      request: requestOf({ host: "workers" }),
      status: "IN_PROGRESS",
      updated_at: since,
    }),
  );
  const monitoring = new Monitoring({
    ...healthDeps(),
    tasks: {
      list: async () => ({ tasks: open, next: undefined }),
      // The chunks of each changed just now.
      progress: async (id) => {
        const task = open.find(({ task_id }) => task_id === id);
        return (
          task && {
            task,
            chunks: new Map(),
            underWay: { embedded: 0, written: 0, chunks: 1 },
            units: [],
            touchedAt: now,
          }
        );
      },
    },
    now: () => now,
  });
  const { active, anomalies, statistics } = await monitoring.read();
  expect(active).toHaveLength(50);
  expect(anomalies).toEqual([]);
  expect(statistics.by_status.processing).toBe(51);
});
