import { randomUUID } from "node:crypto";
import { accountId, region } from "../../protocol/account.ts";

/** An event as a rule matches it and a target receives it. */
export interface BusEvent {
  readonly version: "0";
  readonly id: string;
  readonly "detail-type": string;
  readonly source: string;
  readonly account: string;
  /** ISO 8601, in whole seconds. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface NewEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly resources?: readonly string[];
  /** @default now */
  readonly time?: Date;
}

export function busEvent({
  source,
  detailType,
  detail,
  resources = [],
  time = new Date(),
}: NewEvent): BusEvent {
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": detailType,
    source,
    account: accountId,
    time: time.toISOString().replace(/\.\d+Z$/, "Z"),
    region,
    resources,
    detail,
  };
}
