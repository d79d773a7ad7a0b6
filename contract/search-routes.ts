/** The path with the ids of a document. */
export const runsPath = "/runs/{image_id}/{receipt_id}";
export const runsRoute = `GET ${runsPath}` as const;

/** The routes of the search API that functions answer: infra declares them at the gateway, and core answers them. */
export const searchRoutes = ["POST /search", "GET /similar", runsRoute, "GET /openapi.json"] as const;

export type SearchRoute = (typeof searchRoutes)[number];

/** Those of the query server, whose load balancer asks for its health. */
export const queryServerRoutes = [...searchRoutes, "GET /health"] as const;

export type QueryServerRoute = (typeof queryServerRoutes)[number];
