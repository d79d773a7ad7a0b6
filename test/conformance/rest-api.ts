import type { TestAws } from "./local-aws.ts";

/** A method of a test's API and the function behind it. */
export interface TestMethod {
  /** `GET /tasks/{id}`. */
  readonly route: string;
  readonly function: Readonly<Record<string, string>>;
  readonly apiKeyRequired?: boolean;
  readonly authorization?: "NONE" | "AWS_IAM";
  readonly timeoutMilliseconds?: number;
}

/** An API as infra/ would declare it, up to its stage `prod`. */
export class TestApi {
  readonly aws: TestAws;
  readonly id: string;
  readonly executionArn: string;
  readonly #resources: Map<string, string>;

  private constructor(aws: TestAws, api: Record<string, string>) {
    this.aws = aws;
    this.id = api.id ?? "";
    this.executionArn = api.executionArn ?? "";
    this.#resources = new Map([["", api.rootResourceId ?? ""]]);
  }

  static async create(aws: TestAws, name: string): Promise<TestApi> {
    return new TestApi(aws, await aws.create("aws:apigateway/restApi:RestApi", name));
  }

  async add({ route, function: target, timeoutMilliseconds, ...method }: TestMethod) {
    const [httpMethod = "", path = ""] = route.split(" ");
    const resourceId = await this.#resource(path.replace(/\/$/, ""));
    const place = { restApi: this.id, resourceId, httpMethod };
    await this.aws.create("aws:apigateway/method:Method", route, {
      ...place,
      authorization: method.authorization ?? "NONE",
      apiKeyRequired: method.apiKeyRequired ?? false,
    });
    await this.aws.create("aws:apigateway/integration:Integration", route, {
      ...place,
      type: "AWS_PROXY",
      integrationHttpMethod: "POST",
      uri: target.invokeArn,
      ...(timeoutMilliseconds && { timeoutMilliseconds }),
    });
  }

  async permit(target: Readonly<Record<string, string>>, sourceArn = `${this.executionArn}/*/*`) {
    await this.aws.create("aws:lambda/permission:Permission", "invoke", {
      action: "lambda:InvokeFunction",
      function: target.name,
      principal: "apigateway.amazonaws.com",
      sourceArn,
    });
  }

  async setPolicy(...Statement: readonly object[]) {
    await this.aws.create("aws:apigateway/restApiPolicy:RestApiPolicy", "policy", {
      restApiId: this.id,
      policy: JSON.stringify({ Version: "2012-10-17", Statement }),
    });
  }

  /** Headers of the gateway's own refusals of a kind. */
  async respond(responseType: string, headers: Readonly<Record<string, string>>) {
    const responseParameters = Object.fromEntries(
      Object.entries(headers).map(([header, value]) => [`gatewayresponse.header.${header}`, `'${value}'`]),
    );
    await this.aws.create("aws:apigateway/response:Response", responseType, {
      restApiId: this.id,
      responseType,
      responseParameters,
    });
  }

  /** The stage's outputs. */
  async deploy(variables: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
    const { id } = await this.aws.create("aws:apigateway/deployment:Deployment", "d", { restApi: this.id });
    return this.aws.create("aws:apigateway/stage:Stage", "s", {
      restApi: this.id,
      deployment: id,
      stageName: "prod",
      variables,
    });
  }

  /** A key that may use the stage, under limits. Its value. */
  async addKey(name: string, limits: object, value = `${name}-value-of-20-letters`): Promise<string> {
    const key = await this.aws.create("aws:apigateway/apiKey:ApiKey", name, { value });
    const plan = await this.aws.create("aws:apigateway/usagePlan:UsagePlan", name, {
      apiStages: [{ apiId: this.id, stage: "prod" }],
      ...limits,
    });
    await this.aws.create("aws:apigateway/usagePlanKey:UsagePlanKey", name, {
      keyId: key.id,
      keyType: "API_KEY",
      usagePlanId: plan.id,
    });
    return value;
  }

  async #resource(path: string): Promise<string> {
    const known = this.#resources.get(path);
    if (known !== undefined) return known;
    const cut = path.lastIndexOf("/");
    const { id = "" } = await this.aws.create("aws:apigateway/resource:Resource", path, {
      restApi: this.id,
      parentId: await this.#resource(path.slice(0, cut)),
      pathPart: path.slice(cut + 1),
    });
    this.#resources.set(path, id);
    return id;
  }
}
