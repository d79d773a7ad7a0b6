import type { runtime } from "@pulumi/pulumi";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import { apiGatewayCreators } from "./aws/api-gateway.ts";
import { apiKeyCreators } from "./aws/api-gateway-keys.ts";
import { cloudwatchCreators } from "./aws/cloudwatch.ts";
import { dynamodbCreators } from "./aws/dynamodb.ts";
import { ecsCreators } from "./aws/ecs.ts";
import { efsCreators } from "./aws/efs.ts";
import { eventsCreators } from "./aws/events.ts";
import { iamCreators } from "./aws/iam.ts";
import { lambdaCreators } from "./aws/lambda.ts";
import { lambdaInvocationCreators } from "./aws/lambda-invocation.ts";
import { logsCreators } from "./aws/logs.ts";
import { rdsCreators } from "./aws/rds.ts";
import { s3Creators } from "./aws/s3.ts";
import { s3VectorsCreators } from "./aws/s3-vectors.ts";
import { schedulerCreators } from "./aws/scheduler.ts";
import { secretsManagerCreators } from "./aws/secrets-manager.ts";
import { securityGroupRuleCreators } from "./aws/security-group-rules.ts";
import { sfnCreators } from "./aws/sfn.ts";
import { snsCreators } from "./aws/sns.ts";
import { sqsCreators } from "./aws/sqs.ts";
import { creatorsWithoutLocalMeaning } from "./aws/without-local-meaning.ts";
import { answers } from "./calls.ts";
import type { Deployment } from "./deployment.ts";
import { withoutSecretMarks } from "./inputs.ts";
import { findMissing, markMissing, markNotCreated, needsNotCreated, notCreated } from "./marks.ts";
import type { Properties } from "./properties.ts";
import type { Created, Creators, Declared } from "./resource.ts";

const creators: Creators = {
  ...creatorsWithoutLocalMeaning,
  ...apiGatewayCreators,
  ...apiKeyCreators,
  ...cloudwatchCreators,
  ...dynamodbCreators,
  ...ecsCreators,
  ...efsCreators,
  ...eventsCreators,
  ...iamCreators,
  ...lambdaCreators,
  ...lambdaInvocationCreators,
  ...logsCreators,
  ...rdsCreators,
  ...s3Creators,
  ...s3VectorsCreators,
  ...schedulerCreators,
  ...secretsManagerCreators,
  ...securityGroupRuleCreators,
  ...sfnCreators,
  ...snsCreators,
  ...sqsCreators,
};

/** A resource of the program could not be created in the local AWS. */
export class ResourceFailedError extends VectorkeepError {
  constructor({ type, name }: Pick<Declared, "type" | "name">, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `The resource ${name} (${type}) could not be created: ${reason.replace(/\.$/, "")}.`,
      "Correct the program; if AWS would have taken it, teach local/monitor.",
      { cause },
    );
  }
}

/** Creates the resources of a Pulumi program in the local AWS, under Pulumi's runtime mocks. */
export class LocalMonitor implements runtime.Mocks {
  readonly #deployment: Deployment;
  /** In the order of occurrence. Pulumi does not report most of them. */
  readonly failures: ResourceFailedError[] = [];

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  /** Does not reject, because Pulumi would let a rejection end the process: see `failures`. */
  async newResource(args: runtime.MockResourceArgs): Promise<{ id: string; state: Properties }> {
    const { type, name } = args;
    const isComponent = args.custom === false && !type.startsWith("awsx:");
    if (isComponent) return { id: "", state: {} };
    const { code: archive, ...plain } = withoutSecretMarks(args.inputs) as Properties;
    try {
      if (needsNotCreated(plain)) return this.#notCreated(type);
      const declared = { type, name, inputs: archive === undefined ? plain : { ...plain, code: archive } };
      const { id, outputs } = await this.#create(declared);
      const state = { ...plain, ...outputs };
      return { id, state: { ...state, ...markMissing(declared, state) } };
    } catch (error) {
      this.failures.push(new ResourceFailedError(args, error));
      return this.#notCreated(type);
    }
  }

  call({ token, inputs }: runtime.MockCallArgs): Properties {
    try {
      const answer = answers[token];
      if (answer === undefined) throw new Error("the local AWS cannot answer it");
      return answer(inputs);
    } catch (error) {
      const failure = new ResourceFailedError({ type: token, name: "a data source" }, error);
      this.failures.push(failure);
      throw failure;
    }
  }

  #notCreated(type: string): { id: string; state: Properties } {
    return { id: notCreated, state: creators[type] === undefined ? {} : markNotCreated(type) };
  }

  async #create(declared: Declared): Promise<Created> {
    const create = creators[declared.type];
    if (create === undefined) throw new Error("the local AWS does not know this type of resource");
    const missing = findMissing(declared.inputs);
    if (missing.length > 0) {
      throw new Error(
        `its inputs are made of outputs that the local AWS does not return: ${missing.join(", ")}`,
      );
    }
    return create(declared, this.#deployment);
  }
}
