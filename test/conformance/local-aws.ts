import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** What a test's function is made of. */
export interface TestFunction {
  /** Source of index.mjs. */
  readonly code: string;
  /** Further inputs of aws.lambda.Function. */
  readonly inputs?: Record<string, unknown>;
  /** Statements of its role; writing logs is allowed anyway unless `mayLog` is false. */
  readonly allow?: readonly { readonly Action: string | string[]; readonly Resource: string }[];
  readonly mayLog?: boolean;
}

/** A local AWS in a process of its own, into which a test declares resources. */
export class TestAws {
  readonly url: string;
  readonly folder: string;
  readonly process: ChildProcess;
  #lastId = 0;

  private constructor(url: string, folder: string, process: ChildProcess) {
    this.url = url;
    this.folder = folder;
    this.process = process;
  }

  static async start(): Promise<TestAws> {
    // Not in /tmp, of which each function's process has its own: functions leave notes in this folder.
    const folder = mkdtempSync("/var/tmp/vectorkeep-conformance-");
    const child = fork(join(import.meta.dirname, "serve-local-aws.ts"), [join(folder, "state")], {
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        TMPDIR: folder,
        OF_THE_PARENT: "must not be seen",
      },
      execArgv: [],
    });
    mkdirSync(join(folder, "state"));
    const [{ url }] = (await once(child, "message")) as [{ url: string }];
    return new TestAws(url, folder, child);
  }

  /** Options for an SDK client that calls as the administrator. */
  get client() {
    return {
      endpoint: this.url,
      region: "us-east-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
      maxAttempts: 1,
    };
  }

  /** Outputs of the created resource, and its id. Rejects as the deployment would. */
  async create(
    type: string,
    name: string,
    inputs: Record<string, unknown> = {},
  ): Promise<Record<string, string>> {
    return (await this.#ask({ ask: "create", type, name, inputs })) as Record<string, string>;
  }

  /** Writes the code into a bundle and creates role, log group and function. */
  async createFunction(name: string, { code, inputs, allow = [], mayLog = true }: TestFunction) {
    const bundle = join(this.folder, "bundles", name);
    mkdirSync(bundle, { recursive: true });
    writeFileSync(join(bundle, "index.mjs"), code);
    const role = await this.create("aws:iam/role:Role", name, {
      assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "lambda.amazonaws.com" } },
        ],
      }),
    });
    const logging = { Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: "*" };
    const statements = [...allow, ...(mayLog ? [logging] : [])];
    await this.create("aws:iam/rolePolicy:RolePolicy", name, {
      role: role.id,
      policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: statements.map((statement) => ({ Effect: "Allow", ...statement })),
      }),
    });
    await this.create("aws:cloudwatch/logGroup:LogGroup", name, { name: `/aws/lambda/${name}` });
    return this.create("aws:lambda/function:Function", name, {
      name,
      runtime: "nodejs24.x",
      handler: "index.handler",
      code: bundle,
      role: role.arn,
      ...inputs,
    });
  }

  /** Lets the mappings that exist poll. */
  async run(): Promise<void> {
    await this.#ask({ ask: "run" });
  }

  async problems(): Promise<string[]> {
    return (await this.#ask({ ask: "problems" })) as string[];
  }

  async processesOf(functionName: string): Promise<number[]> {
    return (await this.#ask({ ask: "processes", functionName })) as number[];
  }

  /** A file to which a test's function adds lines of JSON. */
  notes(name: string): Notes {
    return new Notes(join(this.folder, `${name}.notes`));
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const exited = once(this.process, "exit");
      await this.#ask({ ask: "stop" });
      const [code] = await exited;
      if (code !== 0) throw new Error(`The local AWS ended with ${code}.`);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #ask(request: object): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const onMessage = (message: { id: number; value?: unknown; error?: string }) => {
        if (message.id !== id) return;
        this.process.off("message", onMessage);
        if (message.error === undefined) resolve(message.value);
        else reject(new Error(message.error));
      };
      this.process.on("message", onMessage);
      this.process.send({ id, ...request });
    });
  }
}

/** What functions noted, and the source line with which they note. */
export class Notes {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    appendFileSync(file, "");
  }

  /** Source that defines `note(value)`. */
  get source(): string {
    return `import { appendFileSync } from "node:fs";
const note = (value) => appendFileSync(${JSON.stringify(this.#file)}, JSON.stringify(value) + "\\n");\n`;
  }

  read<T>(): T[] {
    return readFileSync(this.#file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as T);
  }

  /** Waits until there are `count` notes. */
  async atLeast<T>(count: number): Promise<T[]> {
    return eventually(() => {
      const notes = this.read<T>();
      if (notes.length < count)
        throw new Error(`${notes.length} of ${count} notes: ${JSON.stringify(notes)}`);
      return notes;
    });
  }
}

/** Repeats until it does not throw, for up to 15 seconds. */
export async function eventually<T>(attempt: () => T | Promise<T>): Promise<T> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(50);
    }
  }
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
}
