import type { Clock } from "../../../core/resilience/clock.ts";
import type { Login } from "../../postgres/messages.ts";
import { Postgres } from "../../postgres/postgres.ts";
import { quoteIdentifier, quoteLiteral } from "../../postgres/quote.ts";
import { AwsError } from "../../protocol/service.ts";
import { Transactions } from "./transactions.ts";

export interface ClusterSettings {
  readonly arn: string;
  readonly databaseName: string;
  readonly httpEndpoint: boolean;
}

/** An Aurora cluster: its database, and its state in the Data API. */
export class Cluster {
  readonly settings: ClusterSettings;
  readonly postgres: Postgres;
  readonly transactions: Transactions;
  readonly #clock: Clock;
  /** Writer instances; without one there is nothing that could answer. */
  readonly instances = new Set<string>();
  #pause: { readonly resumeMs: number; resumedAt?: number } | undefined;

  constructor(settings: ClusterSettings, folder: string, clock: Clock) {
    this.settings = settings;
    this.postgres = new Postgres(folder);
    this.transactions = new Transactions(this.postgres, clock);
    this.#clock = clock;
  }

  /** Creates the master user or sets its password. Like in RDS, it has fewer permissions than a superuser. */
  async createMaster({ user, password }: Login): Promise<void> {
    const name = quoteIdentifier(user);
    await this.postgres.administer([
      `do $$ begin
         if not exists (select from pg_roles where rolname = 'rds_superuser') then create role rds_superuser; end if;
         if not exists (select from pg_roles where rolname = ${quoteLiteral(user)}) then create role ${name}; end if;
       end $$`,
      "grant pg_monitor, pg_signal_backend, pg_checkpoint to rds_superuser",
      `alter role ${name} login createdb createrole password ${quoteLiteral(password)}`,
      `grant rds_superuser to ${name} with admin option`,
      `grant all on database postgres to ${name} with grant option`,
      `alter schema public owner to ${name}`,
    ]);
  }

  /** Pauses the cluster, as Aurora does when idle. The first call resumes it; calls fail until it has resumed. */
  pause(resumeMs: number): void {
    this.#pause = { resumeMs };
  }

  /** Throws the Data API's error if the cluster is not available. */
  requireAvailable(): void {
    if (!this.settings.httpEndpoint) {
      throw new AwsError(
        400,
        "HttpEndpointNotEnabledException",
        `HttpEndpoint is not enabled for resource ${this.settings.arn}`,
      );
    }
    if (this.instances.size === 0) {
      throw new AwsError(404, "DatabaseNotFoundException", "The DB cluster doesn't have a DB instance.");
    }
    if (this.#pause === undefined) return;
    this.#pause.resumedAt ??= this.#clock.now() + this.#pause.resumeMs;
    if (this.#clock.now() >= this.#pause.resumedAt) {
      this.#pause = undefined;
      return;
    }
    throw new AwsError(
      400,
      "DatabaseResumingException",
      "The Aurora DB instance is resuming after being auto-paused. Please wait a few seconds and try again.",
    );
  }
}
