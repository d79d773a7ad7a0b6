import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import { freePort } from "../ports.ts";
import { Program } from "../processes/program.ts";
import { type BrokerPlan, type BrokerProgram, planBroker } from "./broker-command.ts";

const startsWithinMs = 30_000;
const graceMs = 5_000;
const restartMs = 500;
const keptLines = 20;
const program = join(import.meta.dirname, "broker-program.ts");

/** The broker of the local stack does not start. */
export class BrokerNotStartedError extends VectorkeepError {
  constructor(name: string, lines: readonly string[]) {
    super(
      `The broker, ${name}, did not start: ${lines.join("\n") || "it said nothing"}.`,
      "Set bulk:redisUrl.",
    );
  }
}

/** A broker on loopback, started again whenever it ends, with its data in a folder. */
export class LocalBroker {
  readonly name: string;
  readonly url: string;
  readonly #plan: BrokerPlan;
  readonly #folder: string;
  readonly #stopping = new AbortController();
  readonly #lines: string[] = [];
  #program: Program | undefined;
  #running: Promise<void> = Promise.resolve();

  private constructor(plan: BrokerPlan, folder: string) {
    this.#plan = plan;
    this.#folder = folder;
    this.name = plan.name;
    this.url = plan.url;
  }

  /** Throws NoBrokerError and BrokerNotStartedError. */
  static async start(folder: string, path?: string): Promise<LocalBroker> {
    const plan = await planBroker(folder, await freePort(), path);
    const broker = new LocalBroker(plan, folder);
    if (plan.prepare !== undefined) {
      const end = await broker.#run(plan.prepare).ended;
      if (end !== "exit status 0") throw new BrokerNotStartedError(plan.name, broker.#lines);
    }
    broker.#running = broker.#keepRunning();
    try {
      await broker.#accepts();
    } catch (error) {
      await broker.stop();
      throw error;
    }
    return broker;
  }

  /** SIGKILL, as a fault: it is started again on the same data. */
  kill(): void {
    this.#program?.kill();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#program?.stop(graceMs);
    await this.#running;
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#program = this.#run(this.#plan.server);
      await this.#program.ended;
      await sleep(restartMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #run({ command, arguments: options, uid }: BrokerProgram): Program {
    return new Program({
      arguments: [program, uid === undefined ? "" : String(uid), command, ...options],
      folder: this.#folder,
      environment: { PATH: process.env.PATH ?? "", LC_ALL: "C" },
      onLine: (line) => {
        this.#lines.push(line);
        this.#lines.splice(0, this.#lines.length - keptLines);
      },
    });
  }

  async #accepts(): Promise<void> {
    const giveUpAt = performance.now() + startsWithinMs;
    while (!(await this.#plan.isReady())) {
      if (performance.now() > giveUpAt) throw new BrokerNotStartedError(this.name, this.#lines);
      await sleep(50);
    }
  }
}
