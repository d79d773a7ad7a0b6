/** The routes of the catch-up API: infra declares them at the gateway, and core answers them. */
export const catchUpRoutes = [
  "GET /process",
  "POST /process",
  "GET /status",
  "GET /tasks",
  "POST /tasks/{task_id}/cancel",
  "POST /tasks/{task_id}/retry-failed",
  "GET /health",
  "GET /openapi.json",
] as const;

export type CatchUpRoute = (typeof catchUpRoutes)[number];
