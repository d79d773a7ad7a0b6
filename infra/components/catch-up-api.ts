import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import type { BundledFunction } from "./bundled-function.ts";
import { accessLog } from "./catch-up-access-log.ts";
import { catchUpApiPolicy } from "./catch-up-api-policy.ts";
import { declareRoutes, deployedRoutes, type Route } from "./catch-up-routes.ts";
import { admitCallers, deployedHash, limitStage } from "./gateway-limits.ts";

const stageName = "v1";

export interface CatchUpApiArgs {
  /** Answers every route. */
  readonly api: BundledFunction;
  readonly settings: Settings["catchup"];
  readonly apiKey: pulumi.Output<string>;
  readonly logRetentionDays: number;
  readonly isTraced: boolean;
}

/**
 * A REST API with a usage plan (3.50 USD per million requests). Every route except `/health` and preflights requires the API
 * key, and a signature if `catchup:authorization` asks for it.
 */
export class CatchUpApi extends pulumi.ComponentResource {
  /** Without a trailing slash. */
  readonly url: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;
  readonly authorization: Settings["catchup"]["authorization"];

  constructor(name: string, args: CatchUpApiArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:CatchUpApi", name, {}, options);
    const inside = { parent: this };
    const { corsOrigins, authorization } = args.settings;
    const restApi = new aws.apigateway.RestApi(
      name,
      { description: "Loads rows into the index", endpointConfiguration: { types: "REGIONAL" } },
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
    const crossOrigin = corsOrigins.length > 0;
    this.authorization = authorization;
    const signed = authorization === "key-and-iam";
    const routes = declareRoutes(name, { restApi, api: args.api, signed, crossOrigin }, inside);
    const policyText = catchUpApiPolicy(restApi, args.settings);
    const policy =
      policyText &&
      new aws.apigateway.RestApiPolicy(name, { restApiId: restApi.id, policy: policyText }, inside);
    const refusals = crossOrigin ? readableRefusals(name, restApi, corsOrigins, inside) : [];
    const deployment = new aws.apigateway.Deployment(
      name,
      // A stage keeps its deployment until this changes, and with it routes that required no key.
      { restApi: restApi.id, triggers: { routes: deployedHash(snapshot(routes, refusals, policyText)) } },
      {
        parent: this,
        dependsOn: [
          permission,
          ...routes.map(({ integration }) => integration),
          ...refusals,
          ...(policy ? [policy] : []),
        ],
      },
    );
    const log = args.settings.accessLog
      ? accessLog(
          name,
          { retentionDays: args.logRetentionDays, setsRole: args.settings.accessLogRole },
          inside,
        )
      : undefined;
    const stage = new aws.apigateway.Stage(
      name,
      {
        restApi: restApi.id,
        deployment: deployment.id,
        stageName,
        xrayTracingEnabled: args.isTraced,
        ...(log && { accessLogSettings: log.settings }),
      },
      { parent: this, dependsOn: [...(log?.after ?? [])] },
    );
    const limits = {
      rateLimit: args.settings.requestsPerSecondOfCallers,
      burstLimit: args.settings.burstOfCallers,
    };
    limitStage(name, { restApi, stage, limits }, inside);
    const { requestsPerDay } = args.settings;
    admitCallers(name, { restApi, stage, limits, apiKey: args.apiKey, requestsPerDay }, inside);
    this.url = stage.invokeUrl;
    this.registerOutputs();
  }
}

/**
 * API Gateway's own error responses (403, 429) never reach the function. Without these headers a page could not distinguish
 * them from a network failure. They cannot depend on the origin and hold only a fixed message, so with several origins any
 * page may read them.
 */
function readableRefusals(
  name: string,
  restApi: aws.apigateway.RestApi,
  origins: readonly string[],
  options: pulumi.CustomResourceOptions,
): aws.apigateway.Response[] {
  const [origin] = origins.length === 1 ? origins : ["*"];
  return (["DEFAULT_4XX", "DEFAULT_5XX"] as const).map(
    (responseType) =>
      new aws.apigateway.Response(
        `${name}-${responseType.slice(-3).toLowerCase()}`,
        {
          restApiId: restApi.id,
          responseType,
          responseParameters: { "gatewayresponse.header.Access-Control-Allow-Origin": `'${origin}'` },
          responseTemplates: { "application/json": '{"message":$context.error.messageString}' },
        },
        options,
      ),
  );
}

function snapshot(
  routes: readonly Route[],
  refusals: readonly aws.apigateway.Response[],
  policy: pulumi.Output<string> | undefined,
) {
  return [
    ...(policy ? [policy] : []),
    ...deployedRoutes(routes),
    ...refusals.map(({ responseType, responseParameters }) => [responseType, responseParameters]),
  ];
}
