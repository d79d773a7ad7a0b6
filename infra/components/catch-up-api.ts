import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import type { BundledFunction } from "./bundled-function.ts";

/** What the API answers; a test holds it to the routes of core. */
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

/** What a load balancer or a monitor asks, which has no key. */
const withoutKey: readonly string[] = ["GET /health"];

const stageName = "v1";

export interface CatchUpApiArgs {
  /** Answers every route. */
  readonly api: BundledFunction;
  readonly settings: Settings["catchup"];
  readonly apiKey: pulumi.Output<string>;
}

interface Route {
  readonly route: string;
  readonly method: aws.apigateway.Method;
  readonly integration: aws.apigateway.Integration;
}

/** A REST API whose every route but `/health` needs the key, under a usage plan (3.50 USD a million requests). */
export class CatchUpApi extends pulumi.ComponentResource {
  /** Without a slash at its end. */
  readonly url: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: CatchUpApiArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:CatchUpApi", name, {}, options);
    const inside = { parent: this };
    const restApi = new aws.apigateway.RestApi(
      name,
      { description: "Brings rows into the index", endpointConfiguration: { types: "REGIONAL" } },
      inside,
    );
    this.name = restApi.name;
    const permission = new aws.lambda.Permission(
      name,
      {
        action: "lambda:InvokeFunction",
        function: args.api.function.name,
        principal: "apigateway.amazonaws.com",
        sourceArn: pulumi.interpolate`${restApi.executionArn}/*/*`,
      },
      inside,
    );
    const routes = this.routes(name, restApi, args.api);
    const deployment = new aws.apigateway.Deployment(
      name,
      // A stage keeps its deployment unless this changes: a key that is asked for since would not be asked for.
      { restApi: restApi.id, triggers: { routes: hashOf(routes) } },
      { parent: this, dependsOn: [permission, ...routes.map(({ integration }) => integration)] },
    );
    const stage = new aws.apigateway.Stage(
      name,
      { restApi: restApi.id, deployment: deployment.id, stageName },
      inside,
    );
    this.keyed(name, restApi, stage, args);
    this.url = stage.invokeUrl;
    this.registerOutputs();
  }

  private routes(name: string, restApi: aws.apigateway.RestApi, api: BundledFunction): Route[] {
    const resources = new Map<string, aws.apigateway.Resource>();
    const resourceAt = (path: string): pulumi.Output<string> => {
      if (path === "") return restApi.rootResourceId;
      const known = resources.get(path);
      if (known) return known.id;
      const cut = path.lastIndexOf("/");
      const resource = new aws.apigateway.Resource(
        `${name}-${nameOf(path)}`,
        { restApi: restApi.id, parentId: resourceAt(path.slice(0, cut)), pathPart: path.slice(cut + 1) },
        { parent: this },
      );
      resources.set(path, resource);
      return resource.id;
    };
    return catchUpRoutes.map((route) => {
      const [httpMethod = "", path = ""] = route.split(" ");
      const own = `${name}-${httpMethod.toLowerCase()}-${nameOf(path)}`;
      const place = { restApi: restApi.id, resourceId: resourceAt(path), httpMethod };
      const method = new aws.apigateway.Method(
        own,
        { ...place, authorization: "NONE", apiKeyRequired: !withoutKey.includes(route) },
        { parent: this },
      );
      const integration = new aws.apigateway.Integration(
        own,
        { ...place, type: "AWS_PROXY", integrationHttpMethod: "POST", uri: api.function.invokeArn },
        { parent: this, dependsOn: [method] },
      );
      return { route, method, integration };
    });
  }

  private keyed(
    name: string,
    restApi: aws.apigateway.RestApi,
    stage: aws.apigateway.Stage,
    { settings, apiKey }: CatchUpApiArgs,
  ): void {
    const inside = { parent: this };
    const key = new aws.apigateway.ApiKey(name, { value: pulumi.secret(apiKey) }, inside);
    const plan = new aws.apigateway.UsagePlan(
      name,
      {
        apiStages: [{ apiId: restApi.id, stage: stage.stageName }],
        throttleSettings: {
          rateLimit: settings.requestsPerSecondOfCallers,
          burstLimit: settings.burstOfCallers,
        },
        quotaSettings: { limit: settings.requestsPerDay, period: "DAY" },
      },
      inside,
    );
    new aws.apigateway.UsagePlanKey(
      name,
      { keyId: key.id, keyType: "API_KEY", usagePlanId: plan.id },
      inside,
    );
  }
}

/** Of all that a deployment keeps. */
function hashOf(routes: readonly Route[]): pulumi.Output<string> {
  const deployed = routes.map(({ route, method, integration }) => [
    route,
    method.authorization,
    method.apiKeyRequired,
    integration.type,
    integration.uri,
  ]);
  return pulumi.jsonStringify(deployed).apply((text) => createHash("sha256").update(text).digest("hex"));
}

function nameOf(path: string): string {
  return path.replace(/[^A-Za-z]+/g, "-").replace(/^-|-$/g, "");
}
