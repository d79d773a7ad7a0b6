import type { Credentials, Iam } from "../iam/iam.ts";
import { type RoleClients, roleClients } from "../processes/role-clients.ts";
import { AccessDeniedError, type Permission } from "../protocol/service.ts";
import type { MetricSink } from "../services/cloudwatch/metric.ts";
import type { Platform } from "./platform.ts";
import type { RuntimeApi } from "./runtime-api.ts";

interface Parts {
  readonly iam: Iam;
  readonly runtimeApi: RuntimeApi;
  readonly scratchFolder: string;
  readonly metrics: MetricSink;
  report(problem: string): void;
}

/** The platform under the roles that IAM knows. */
export class RolePlatform implements Platform {
  /** URL of the local AWS; set once it listens. */
  endpoint = "";
  objectsEndpoint = "";
  readonly runtimeApi: RuntimeApi;
  readonly scratchFolder: string;
  readonly metrics: MetricSink;
  readonly report: (problem: string) => void;
  readonly #iam: Iam;
  readonly #clients = new Map<string, RoleClients>();

  constructor({ iam, runtimeApi, scratchFolder, metrics, report }: Parts) {
    this.#iam = iam;
    this.runtimeApi = runtimeApi;
    this.scratchFolder = scratchFolder;
    this.metrics = metrics;
    this.report = report;
  }

  credentials(roleName: string): Credentials {
    const credentials = this.#iam.credentials(roleName);
    if (credentials === undefined) throw new Error(`There is no role ${roleName}.`);
    return credentials;
  }

  allows(roleName: string, permission: Permission): boolean {
    return this.#iam.caller(this.credentials(roleName).accessKeyId)?.allows(permission) ?? false;
  }

  /** Throws AccessDeniedError unless the role's policies allow this. */
  authorize(roleName: string, permission: Permission): void {
    const caller = this.#iam.caller(this.credentials(roleName).accessKeyId);
    const refusal = caller?.refusal(permission);
    if (caller !== undefined && refusal !== undefined)
      throw new AccessDeniedError(caller, permission, refusal);
  }

  clients(roleName: string): RoleClients {
    const known = this.#clients.get(roleName);
    if (known !== undefined) return known;
    const clients = roleClients(this.endpoint, this.credentials(roleName));
    this.#clients.set(roleName, clients);
    return clients;
  }

  destroyClients(): void {
    for (const clients of this.#clients.values()) clients.destroy();
  }
}
