import type { ResourcePolicy } from "./resource-policy.ts";

/** The target of a method's requests. */
export interface Integration {
  readonly functionArn: string;
  readonly timeoutMilliseconds: number;
}

export interface Method {
  readonly authorization: "NONE" | "AWS_IAM";
  readonly apiKeyRequired: boolean;
  integration: Integration | undefined;
}

export interface Resource {
  readonly id: string;
  /** `/tasks/{id}`, `/{proxy+}`. */
  readonly path: string;
  /** By HTTP method; `ANY` handles all others. */
  readonly methods: Map<string, Method>;
}

/** Headers that API Gateway adds to its own error responses, by response type. */
export type RefusalHeaders = ReadonlyMap<"DEFAULT_4XX" | "DEFAULT_5XX", Readonly<Record<string, string>>>;

/** A snapshot of the API at the time of a deployment. */
export interface Deployment {
  readonly id: string;
  readonly resources: readonly Resource[];
  readonly refusalHeaders: RefusalHeaders;
  readonly policy: ResourcePolicy | undefined;
}

/** An API as declared. Callers only see its deployments. */
export class RestApi {
  readonly id: string;
  readonly root: Resource;
  policy: ResourcePolicy | undefined;
  readonly refusalHeaders = new Map<"DEFAULT_4XX" | "DEFAULT_5XX", Readonly<Record<string, string>>>();
  readonly #resources = new Map<string, Resource>();
  readonly #deployments = new Map<string, Deployment>();

  constructor(id: string, rootId: string) {
    this.id = id;
    this.root = { id: rootId, path: "/", methods: new Map() };
    this.#resources.set(rootId, this.root);
  }

  addResource(id: string, parentId: string, pathPart: string): Resource {
    const parent = this.resource(parentId);
    const path = `${parent.path === "/" ? "" : parent.path}/${pathPart}`;
    if ([...this.#resources.values()].some((other) => other.path === path)) {
      throw new Error(`Another resource with the same parent already has this name: ${pathPart}`);
    }
    const resource: Resource = { id, path, methods: new Map() };
    this.#resources.set(id, resource);
    return resource;
  }

  resource(id: string): Resource {
    const resource = this.#resources.get(id);
    if (resource === undefined) throw new Error(`The API ${this.id} has no resource ${id}`);
    return resource;
  }

  method(resourceId: string, httpMethod: string): Method {
    const { methods, path } = this.resource(resourceId);
    const method = methods.get(httpMethod);
    if (method === undefined)
      throw new Error(`${path} has no method ${httpMethod} yet: depend on the method`);
    return method;
  }

  /** Throws the errors of AWS; rejects a deployment with a method without integration. */
  deploy(id: string): Deployment {
    const resources = [...this.#resources.values()].filter(({ methods }) => methods.size > 0);
    if (resources.length === 0) throw new Error("The REST API doesn't contain any methods");
    const deployment = {
      id,
      resources: resources.map(picture),
      refusalHeaders: new Map(this.refusalHeaders),
      policy: this.policy,
    };
    this.#deployments.set(id, deployment);
    return deployment;
  }

  deployment(id: string): Deployment {
    const deployment = this.#deployments.get(id);
    if (deployment === undefined) throw new Error(`The API ${this.id} has no deployment ${id}`);
    return deployment;
  }
}

function picture({ id, path, methods }: Resource): Resource {
  for (const [name, { integration }] of methods) {
    if (integration === undefined) {
      throw new Error(
        `No integration defined for method ${name} ${path}: the deployment has to depend on its integrations`,
      );
    }
  }
  return { id, path, methods: new Map([...methods].map(([name, method]) => [name, { ...method }])) };
}
