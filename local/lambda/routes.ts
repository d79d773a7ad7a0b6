import { type ApiCall, AwsError } from "../protocol/service.ts";

export interface Route {
  readonly action: string;
  /** The function's name or ARN, or the mapping's UUID; empty if the action has none. */
  readonly id: string;
}

const routes: readonly (readonly [method: string, path: RegExp, action: string])[] = [
  ["POST", /^\/2015-03-31\/functions\/([^/]+)\/invocations$/, "Invoke"],
  ["GET", /^\/2015-03-31\/functions\/?$/, "ListFunctions"],
  ["GET", /^\/2015-03-31\/functions\/([^/]+)$/, "GetFunction"],
  ["GET", /^\/2015-03-31\/functions\/([^/]+)\/configuration$/, "GetFunctionConfiguration"],
  ["GET", /^\/2015-03-31\/event-source-mappings\/?$/, "ListEventSourceMappings"],
  ["GET", /^\/2015-03-31\/event-source-mappings\/([^/]+)$/, "GetEventSourceMapping"],
  ["PUT", /^\/2015-03-31\/event-source-mappings\/([^/]+)$/, "UpdateEventSourceMapping"],
];

/** Throws AwsError for a call that the local Lambda does not have. */
export function readRoute(call: ApiCall): Route {
  for (const [method, path, action] of routes) {
    const match = method === call.method ? path.exec(call.url.pathname) : null;
    if (match !== null) return { action, id: decodeURIComponent(match[1] ?? "") };
  }
  throw new AwsError(
    404,
    "UnknownOperationException",
    `The local Lambda does not have this call: ${call.method} ${call.url.pathname}.`,
  );
}
