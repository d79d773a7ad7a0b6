import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { type CatchUpRoute, catchUpRoutes } from "../../contract/catch-up-routes.ts";
import type { BundledFunction } from "./bundled-function.ts";

/** For load balancers and monitors, which have no key. */
const healthRoute: CatchUpRoute = "GET /health";
const preflight = "OPTIONS";

/** A method of the API and its integration. */
export interface Route {
  readonly route: string;
  readonly method: aws.apigateway.Method;
  readonly integration: aws.apigateway.Integration;
}

export interface RoutesArgs {
  /** Routes such as `POST /tasks/{task_id}/cancel`. @default those of the catch-up API */
  readonly all?: readonly string[];
  readonly restApi: aws.apigateway.RestApi;
  /** Answers every route. */
  readonly api: BundledFunction;
  /** Whether callers sign their requests. */
  readonly signed: boolean;
  /** Whether the API answers CORS preflights, which carry no credentials. */
  readonly crossOrigin: boolean;
}

/** Declares the routes of an API; one function handles all of them. */
export function declareRoutes(
  name: string,
  { all = catchUpRoutes, restApi, api, signed, crossOrigin }: RoutesArgs,
  options: pulumi.CustomResourceOptions,
): Route[] {
  const resources = new Map<string, aws.apigateway.Resource>();
  const resourceAt = (path: string): pulumi.Output<string> => {
    if (path === "") return restApi.rootResourceId;
    const known = resources.get(path);
    if (known) return known.id;
    const cut = path.lastIndexOf("/");
    const resource = new aws.apigateway.Resource(
      `${name}-${nameOf(path)}`,
      { restApi: restApi.id, parentId: resourceAt(path.slice(0, cut)), pathPart: path.slice(cut + 1) },
      options,
    );
    resources.set(path, resource);
    return resource.id;
  };
  const paths = new Set(all.map((route) => route.split(" ")[1]));
  const preflights = crossOrigin ? [...paths].map((path) => `${preflight} ${path}`) : [];
  return [...all, ...preflights].map((route) => {
    const [httpMethod = "", path = ""] = route.split(" ");
    const own = `${name}-${httpMethod.toLowerCase()}-${nameOf(path)}`;
    const place = { restApi: restApi.id, resourceId: resourceAt(path), httpMethod };
    const isOpen = route === healthRoute || httpMethod === preflight;
    const method = new aws.apigateway.Method(
      own,
      { ...place, authorization: signed && !isOpen ? "AWS_IAM" : "NONE", apiKeyRequired: !isOpen },
      options,
    );
    const integration = new aws.apigateway.Integration(
      own,
      { ...place, type: "AWS_PROXY", integrationHttpMethod: "POST", uri: api.function.invokeArn },
      { ...options, dependsOn: [method] },
    );
    return { route, method, integration };
  });
}

/** Returns the part of the routes that a deployment snapshots. */
export function deployedRoutes(routes: readonly Route[]) {
  return routes.map(({ route, method, integration }) => [
    route,
    method.authorization,
    method.apiKeyRequired,
    integration.type,
    integration.uri,
  ]);
}

function nameOf(path: string): string {
  return path.replace(/[^A-Za-z]+/g, "-").replace(/^-|-$/g, "");
}
