import { createHash, randomBytes } from "node:crypto";
import { RestApi } from "./rest-api.ts";
import { Stage } from "./stage.ts";
import { UsagePlans } from "./usage-plans.ts";

/** The REST APIs of the stack, with their stages, keys and plans. */
export class RestApis {
  readonly usagePlans = new UsagePlans();
  readonly #apis = new Map<string, RestApi>();
  /** By `{apiId}/{name}`. */
  readonly #stages = new Map<string, Stage>();

  /** The id depends on the name only, so the address is the same in a stack that is continued. */
  create(name: string): RestApi {
    const api = new RestApi(idOf(name), newId());
    this.#apis.set(api.id, api);
    return api;
  }

  existing(apiId: string): RestApi {
    const api = this.#apis.get(apiId);
    if (api === undefined) throw new Error(`There is no REST API ${apiId}`);
    return api;
  }

  createStage(apiId: string, name: string, deploymentId: string, variables: Stage["variables"]): void {
    if (this.stage(apiId, name) !== undefined) throw new Error("Stage already exists");
    const deployment = this.existing(apiId).deployment(deploymentId);
    this.#stages.set(`${apiId}/${name}`, new Stage(name, deployment, variables));
  }

  stage(apiId: string, name: string): Stage | undefined {
    return this.#stages.get(`${apiId}/${name}`);
  }
}

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";

/** An id as API Gateway gives them. */
export function newId(): string {
  return idFrom(randomBytes(10));
}

function idOf(name: string): string {
  return idFrom(createHash("sha256").update(name).digest().subarray(0, 10));
}

function idFrom(bytes: Uint8Array): string {
  return [...bytes].map((byte) => letters[byte % letters.length]).join("");
}
