import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { administratorKey } from "../../../local/iam/iam.ts";
import type { Random } from "../seeds.ts";
import { type Fault, troubledKey } from "./faults.ts";
import type { Request } from "./serve.ts";

type Asked = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never;

/** The local SQS, S3 and DynamoDB in a process of their own, which can be made to fail. */
export class FaultyAws {
  readonly url: string;
  readonly #child: ChildProcess;
  #asked = 0;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  static async start(): Promise<FaultyAws> {
    // What it says of connections that it was told to cut is of no interest.
    const child = fork(join(import.meta.dirname, "serve.ts"), {
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      said = (said + chunk).slice(-4_000);
    });
    const failed = once(child, "exit").then(([code]) => {
      throw new Error(`The services ended with ${code} before they were up. ${said}`);
    });
    const [{ url }] = (await Promise.race([once(child, "message"), failed])) as [{ url: string }];
    failed.catch(() => undefined);
    return new FaultyAws(url, child);
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }

  /** Options for an SDK client of the test itself. */
  get client() {
    const key = administratorKey;
    return {
      endpoint: this.url,
      region: "us-east-1",
      credentials: { accessKeyId: key, secretAccessKey: key },
    };
  }

  /** The environment of a process whose calls meet the faults. */
  get environment(): Readonly<Record<string, string>> {
    return {
      AWS_ENDPOINT_URL: this.url,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: troubledKey,
      AWS_SECRET_ACCESS_KEY: troubledKey,
    };
  }

  /** From now on these happen, instead of those before. */
  async cause(faults: readonly Fault[], random: Random): Promise<void> {
    await this.#ask({ ask: "faults", faults, seed: random.below(2 ** 31) });
  }

  /** Ends all faults. Resolves to how often each has happened. */
  async recover(): Promise<readonly number[]> {
    const happened = (await this.#ask({ ask: "happened" })) as readonly number[];
    await this.#ask({ ask: "faults", faults: [], seed: 0 });
    return happened;
  }

  /** Makes every message of a queue receivable, as time would; those that a process works on too. */
  async reveal(queueUrl: string): Promise<void> {
    await this.#ask({ ask: "reveal", queueUrl });
  }

  /** Messages of a queue, hidden ones too. */
  async depth(queueUrl: string): Promise<number> {
    return (await this.#ask({ ask: "depth", queueUrl })) as number;
  }

  /** Removes every message of a queue. */
  async purge(queueUrl: string): Promise<void> {
    await this.#ask({ ask: "purge", queueUrl });
  }

  #ask(asked: Asked): Promise<unknown> {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve, reject) => {
      const lost = () => reject(new Error("The services are gone."));
      const listen = (answer: { id: number; value: unknown }) => {
        if (answer.id !== id) return;
        this.#child.off("message", listen);
        this.#child.off("exit", lost);
        resolve(answer.value);
      };
      this.#child.on("message", listen);
      this.#child.once("exit", lost);
      this.#child.send({ id, ...asked });
    });
  }
}
