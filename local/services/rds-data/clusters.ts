import { join } from "node:path";
import { type Clock, systemClock } from "../../../core/resilience/clock.ts";
import type { Login } from "../../postgres/messages.ts";
import { accountId, region } from "../../protocol/account.ts";
import { AwsError } from "../../protocol/service.ts";
import { Cluster, type ClusterSettings } from "./cluster.ts";

/** The Aurora clusters of the stack, each with its folder. */
export class Clusters {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #clusters = new Map<string, Cluster>();

  constructor(folder: string, clock: Clock = systemClock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Opens the database in the cluster's folder, or creates it. */
  async create(identifier: string, master: Login, settings: Omit<ClusterSettings, "arn">): Promise<Cluster> {
    const arn = clusterArn(identifier);
    const cluster = new Cluster({ ...settings, arn }, join(this.#folder, identifier), this.#clock);
    this.#clusters.set(arn, cluster);
    await cluster.createMaster(master);
    return cluster;
  }

  find(arn: string): Cluster | undefined {
    return this.#clusters.get(arn);
  }

  all(): Cluster[] {
    return [...this.#clusters.values()];
  }

  /** Throws NotFoundException. */
  existing(arn: string): Cluster {
    const cluster = this.find(arn);
    if (cluster !== undefined) return cluster;
    throw new AwsError(404, "NotFoundException", `DBCluster not found for ARN ${arn}`);
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map((cluster) => cluster.postgres.close()));
  }
}

export function clusterArn(identifier: string): string {
  return `arn:aws:rds:${region}:${accountId}:cluster:${identifier}`;
}
