import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { searchRoutes } from "../../contract/search-routes.ts";
import type { Settings } from "../config.ts";
import type { BundledFunction } from "./bundled-function.ts";
import { declareRoutes, deployedRoutes } from "./catch-up-routes.ts";
import { admitCallers, deployedHash, limitStage } from "./gateway-limits.ts";

const stageName = "v1";

export interface SearchApiArgs {
  /** Answers every route. */
  readonly search: BundledFunction;
  readonly settings: Pick<Settings["query"], "authorization" | "requestsPerSecond">;
  /** The key that callers send as `x-api-key`. */
  readonly apiKey: pulumi.Output<string>;
  readonly isTraced: boolean;
}

/**
 * A REST API whose every route requires the API key, and a signature if `query:authorization` asks for it (3.50 USD per million
 * requests, nothing while idle).
 */
export class SearchApi extends pulumi.ComponentResource {
  /** Without a trailing slash. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: SearchApiArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:SearchApi", name, {}, options);
    const inside = { parent: this };
    const { authorization, requestsPerSecond } = args.settings;
    const signed = authorization === "key-and-iam";
    const restApi = new aws.apigateway.RestApi(
      name,
      { description: "Searches what is published", endpointConfiguration: { types: "REGIONAL" } },
      inside,
    );
    const permission = new aws.lambda.Permission(
      name,
      {
        action: "lambda:InvokeFunction",
        function: args.search.function.name,
        principal: "apigateway.amazonaws.com",
        sourceArn: pulumi.interpolate`${restApi.executionArn}/*/*`,
      },
      inside,
    );
    const routes = declareRoutes(
      name,
      { all: searchRoutes, restApi, api: args.search, signed, crossOrigin: false },
      inside,
    );
    const deployment = new aws.apigateway.Deployment(
      name,
      { restApi: restApi.id, triggers: { routes: deployedHash(deployedRoutes(routes)) } },
      { parent: this, dependsOn: [permission, ...routes.map(({ integration }) => integration)] },
    );
    const stage = new aws.apigateway.Stage(
      name,
      { restApi: restApi.id, deployment: deployment.id, stageName, xrayTracingEnabled: args.isTraced },
      inside,
    );
    const limits = { rateLimit: requestsPerSecond, burstLimit: 2 * requestsPerSecond };
    limitStage(name, { restApi, stage, limits }, inside);
    admitCallers(name, { restApi, stage, limits, apiKey: args.apiKey }, inside);
    this.url = stage.invokeUrl;
    this.registerOutputs();
  }
}
