import { setTimeout as pause } from "node:timers/promises";
import { jsonAction } from "../../../local/endpoint/json-protocol.ts";
import { type ApiCall, AwsError, type LocalService, type Reply } from "../../../local/protocol/service.ts";

/** Only calls under this access key meet faults; those of the test itself do not. */
export const troubledKey = "troubled";

/** What happens to a share of the calls to a service. */
export interface Fault {
  readonly service: "dynamodb" | "sqs" | "s3";
  /** Of DynamoDB and SQS; every action where none is named. */
  readonly actions?: readonly string[];
  readonly share: number;
  readonly happens: /** Refused, as AWS does when it is called too often. */
    | "throttled"
    /** Answered with 500. */
    | "failed"
    /** The connection is cut before anything is done. */
    | "cut"
    /** All is done, and the connection is cut before the answer. */
    | "answer lost"
    /** Done and answered after `slowMs` at most. */
    | "slow";
  readonly slowMs?: number;
}

const throttling: Readonly<Record<Fault["service"], AwsError>> = {
  dynamodb: new AwsError(
    400,
    "ProvisionedThroughputExceededException",
    "The level of configured provisioned throughput for the table was exceeded.",
  ),
  sqs: new AwsError(403, "RequestThrottled", "The request was denied due to request throttling."),
  s3: new AwsError(503, "SlowDown", "Please reduce your request rate."),
};

/** Thrown where the endpoint renders an error, it makes the endpoint hang up. */
class Cut extends AwsError {
  constructor() {
    super(0, "Cut", "The connection is cut.");
  }
}

export class Faults {
  #faults: readonly Fault[] = [];
  random: () => number = Math.random;
  /** How often each of them has happened. */
  #happened: number[] = [];
  /** That could meet one. */
  #calls = 0;

  set(faults: readonly Fault[], random: () => number): void {
    this.#faults = faults;
    this.random = random;
    this.#happened = faults.map(() => 0);
    this.#calls = 0;
  }

  get happened(): readonly number[] {
    return this.#happened;
  }

  /** The fault that this call meets. By the second that can meet one, one has happened: a draw of none tries nothing. */
  meet(call: ApiCall): Fault | undefined {
    if (!call.caller.arn.includes(troubledKey)) return undefined;
    const possible = this.#faults.filter(
      ({ service, actions }) =>
        service === call.service && (actions === undefined || actions.includes(jsonAction(call))),
    );
    if (possible.length === 0) return undefined;
    this.#calls += 1;
    const drawn = possible.find(({ share }) => this.random() < share);
    const met =
      drawn ?? (this.#calls > 1 && this.#happened.every((times) => times === 0) ? possible[0] : undefined);
    if (met) {
      const place = this.#faults.indexOf(met);
      this.#happened[place] = (this.#happened[place] ?? 0) + 1;
    }
    return met;
  }
}

/** The service with faults in front of it. */
export function withFaults(service: LocalService, faults: Faults): LocalService {
  return {
    ...service,
    async handle(call: ApiCall): Promise<Reply> {
      const fault = faults.meet(call);
      switch (fault?.happens) {
        case "throttled":
          throw throttling[fault.service];
        case "failed":
          throw new AwsError(500, "InternalError", "We encountered an internal error. Please try again.");
        case "cut":
          throw new Cut();
        case "answer lost":
          await service.handle(call);
          throw new Cut();
        case "slow":
          await pause(faults.random() * (fault.slowMs ?? 0));
      }
      return service.handle(call);
    },
    renderError(error: AwsError, call: ApiCall): Reply {
      if (error instanceof Cut) throw error;
      return service.renderError(error, call);
    },
  };
}
