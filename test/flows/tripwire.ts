import type { ApiCall, LocalService, Reply } from "../../local/protocol/service.ts";
import { AwsError } from "../../local/protocol/service.ts";

/** A call to AWS of a function's process, and what is done then. */
export interface Wire {
  readonly functionName: string;
  /** From 1, counted since it was armed. */
  readonly nth: number;
  readonly effect: "before" | "after";
  /** SIGKILL for the function's processes, or the call's answer waits until another wire, or none, is armed. */
  readonly does: "kills" | "holds";
}

/** What SQS's pollers and the streams of the logs call under a function's role is not of its process. */
const notOfProcesses = new Set(["sqs", "logs"]);

/** Stands between the functions of a stack and AWS: notes their calls, and does what is armed at one of them. */
export class Tripwire {
  /** Of the armed function: actions as IAM names them, in order. */
  calls: string[] = [];
  isTripped = false;
  /** The last one that the armed function began. */
  transactionId: string | undefined;
  #wire: Pick<Wire, "functionName"> & Partial<Wire> = { functionName: "" };
  #release: () => void = () => undefined;
  #released = Promise.resolve();
  readonly #kill: (functionName: string) => void;

  constructor(kill: (functionName: string) => void) {
    this.#kill = kill;
  }

  /** Without a position, calls are only noted. */
  arm(wire: Pick<Wire, "functionName"> & Partial<Wire>): void {
    this.#release();
    this.#wire = wire;
    this.calls = [];
    this.isTripped = false;
    this.transactionId = undefined;
    this.#released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  around(service: LocalService): LocalService {
    return { ...service, handle: (call) => this.#handle(service, call) };
  }

  async #handle(service: LocalService, call: ApiCall): Promise<Reply> {
    const wire = this.#wire;
    const { functionName } = wire;
    // The name of a role begins with that of its function.
    const isIts = functionName !== "" && call.caller.arn.includes(`/${functionName}-`);
    if (!isIts || notOfProcesses.has(call.service)) return service.handle(call);
    const action = service.permissions(call)[0]?.action ?? call.service;
    this.calls.push(action);
    const isIt = !this.isTripped && this.calls.length === wire.nth;
    if (isIt) this.isTripped = true;
    if (isIt && wire.effect === "before") await this.#act(wire);
    if (isIt && wire.effect === "before" && wire.does === "kills") {
      throw new AwsError(500, "InternalError", "The caller is gone.");
    }
    const reply = await service.handle(call);
    if (action === "rds-data:BeginTransaction") {
      this.transactionId = JSON.parse(String(reply.body)).transactionId;
    }
    if (isIt && wire.effect === "after") await this.#act(wire);
    return reply;
  }

  async #act({ functionName, does }: Pick<Wire, "functionName"> & Partial<Wire>): Promise<void> {
    if (does === "kills") this.#kill(functionName);
    else await this.#released;
  }
}
