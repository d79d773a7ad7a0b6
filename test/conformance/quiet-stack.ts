import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MappingDefinition } from "../../local/mappings/mapping-definition.ts";
import type { MetricId } from "../../local/services/cloudwatch/metric.ts";
import type { StackRequest } from "./serve-stack.ts";

type Question = StackRequest extends infer Request
  ? Request extends unknown
    ? Omit<Request, "id">
    : never
  : never;

/** The whole program of infra/ in a process of its own, deployed and not run, whose CloudWatch clock a test moves. */
export class QuietStack {
  readonly url: string;
  readonly outputs: Record<string, unknown>;
  readonly #folder: string;
  readonly #child: ChildProcess;
  #lastId = 0;

  private constructor(
    folder: string,
    child: ChildProcess,
    up: { url: string; outputs: Record<string, unknown> },
  ) {
    this.#folder = folder;
    this.#child = child;
    this.url = up.url;
    this.outputs = up.outputs;
  }

  static async start(config: Readonly<Record<string, string>>): Promise<QuietStack> {
    const folder = mkdtempSync(join(tmpdir(), "vectorkeep-quiet-stack-"));
    const child = fork(join(import.meta.dirname, "serve-stack.ts"), [folder, JSON.stringify(config)], {
      execArgv: [],
    });
    const [up] = (await once(child, "message")) as [
      { url: string; outputs: Record<string, unknown>; error?: string },
    ];
    if (up.error !== undefined) throw new Error(up.error);
    return new QuietStack(folder, child, up);
  }

  /** Options for an SDK client that calls as the administrator. */
  get client() {
    const credentials = { accessKeyId: "local", secretAccessKey: "local" };
    return { endpoint: this.url, region: "us-east-1", credentials, maxAttempts: 1 };
  }

  /** Moves CloudWatch's clock, minute by minute, with all that happens in each. */
  async advance(minutes: number): Promise<void> {
    await this.#ask({ ask: "advance", seconds: minutes * 60 });
  }

  /** What the local services measure of themselves while something happens. */
  async record(metrics: readonly MetricId[], value: number): Promise<void> {
    await this.#ask({ ask: "record", metrics, value });
  }

  async mappings(): Promise<MappingDefinition[]> {
    return (await this.#ask({ ask: "mappings" })) as MappingDefinition[];
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, "exit");
    await this.#ask({ ask: "stop" });
    await exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #ask(request: Question): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const onMessage = (message: { id: number; value?: unknown; error?: string }) => {
        if (message.id !== id) return;
        this.#child.off("message", onMessage);
        if (message.error === undefined) resolve(message.value);
        else reject(new Error(message.error));
      };
      this.#child.on("message", onMessage);
      this.#child.send({ id, ...request });
    });
  }
}
