import type { Credentials } from "../iam/iam.ts";
import type { RoleClients } from "../processes/role-clients.ts";
import type { Permission } from "../protocol/service.ts";
import type { MetricSink } from "../services/cloudwatch/metric.ts";
import type { RuntimeApi } from "./runtime-api.ts";

/** What every process of every function is given. */
export interface Platform {
  readonly endpoint: string;
  /** The same services, for calls with large bodies: those of S3. */
  readonly objectsEndpoint: string;
  readonly runtimeApi: RuntimeApi;
  /** Every process gets its own temporary folder in here. */
  readonly scratchFolder: string;
  credentials(roleName: string): Credentials;
  /** Whether the role's policies allow this. */
  allows(roleName: string, permission: Permission): boolean;
  clients(roleName: string): RoleClients;
  /** Where what happens is counted. */
  readonly metrics: MetricSink;
  /** Told what the user should know though nothing failed visibly, as lost log lines. */
  report(problem: string): void;
}
