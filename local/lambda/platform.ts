import type { Credentials } from "../iam/iam.ts";
import type { RoleClients } from "../processes/role-clients.ts";
import type { Permission } from "../protocol/service.ts";
import type { MetricSink } from "../services/cloudwatch/metric.ts";
import type { RuntimeApi } from "./runtime-api.ts";

/** The dependencies of every process of every function. */
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
  /** Receives the metrics. */
  readonly metrics: MetricSink;
  /** Receives problems that the user should know although nothing failed visibly, such as lost log lines. */
  report(problem: string): void;
}
