import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { VectorkeepError } from "../../vectorkeep-error.ts";

const host = "127.0.0.1";
const portsTried = 5;
const startWithinMs = 60_000;
const stopWithinMs = 10_000;
const pollMs = 10;
/** The server prints this once it listens on its port. */
const hasItsPort = "Connect to Chroma at";
/** The server prints this if the port is taken, and then hangs. */
const portIsTaken = "is not available";
/** Characters of output; enough for an error message. */
const outputKept = 4_000;

/**
 * The call that runs the server never returns, so a second thread watches the pipe from the parent process and kills
 * this process, and with it the server, when the parent ends.
 */
const program = `
  const { Worker } = require("node:worker_threads");
  const watch = 'const { readSync } = require("node:fs"); try { while (readSync(0, Buffer.alloc(1)) > 0); } catch {} process.kill(process.pid, "SIGKILL");';
  new Worker(watch, { eval: true });
  const [library, path, host, port] = process.argv.slice(1);
  const native = { exports: {} };
  process.dlopen(native, library);
  native.exports.cli(["chroma", "run", "--path", path, "--host", host, "--port", port]);
`;

export interface ChromaServerOptions {
  /** Path of the native library. */
  readonly library: string;
  /** Folder of the database. No other server may have it open. */
  readonly path: string;
}

/** The Chroma server did not start, or ended unexpectedly. The message contains its output. */
export class ChromaServerFailedError extends VectorkeepError {
  constructor(what: string, output: string) {
    super(
      `The Chroma server ${what}. It printed: ${output.trim() || "nothing"}`,
      "Check that the library fits this machine and that the folder holds a Chroma database.",
    );
  }
}

/** A Chroma server in its own process, on a free port of the loopback interface. */
export class ChromaServer {
  readonly host = host;
  readonly port: number;
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;

  private constructor(process: ChildProcess, gone: Promise<unknown>, port: number) {
    this.port = port;
    this.url = `http://${host}:${port}`;
    this.#process = process;
    this.#gone = gone;
  }

  /** Resolves when the server answers. Throws ChromaServerFailedError. */
  static async start(options: ChromaServerOptions): Promise<ChromaServer> {
    for (let tried = 1; ; tried += 1) {
      const started = await ChromaServer.#startOn(await freePort(), options);
      if (started instanceof ChromaServer) return started;
      if (tried === portsTried) throw new ChromaServerFailedError(`found ${portsTried} ports taken`, started);
    }
  }

  /** Resolves to the server's output if another process took the port in the meantime. */
  static async #startOn(port: number, options: ChromaServerOptions): Promise<ChromaServer | string> {
    const { library, path } = options;
    const child = spawn(process.execPath, ["--eval", program, library, path, host, String(port)], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    let output = "";
    const keep = (chunk: string) => {
      output = `${output}${chunk}`.slice(-outputKept);
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.stdin.on("error", () => undefined);
    const gone = once(child, "close").catch((error: Error) => keep(error.message));
    const server = new ChromaServer(child, gone, port);

    const late = performance.now() + startWithinMs;
    while (server.alive() && !output.includes(portIsTaken)) {
      if (output.includes(hasItsPort) && (await answers(server.url)) && server.alive()) return server;
      if (performance.now() > late) {
        child.kill("SIGKILL");
        await gone;
        throw new ChromaServerFailedError(`did not answer within ${startWithinMs / 1000} s`, output);
      }
      await sleep(pollMs);
    }
    child.kill("SIGKILL");
    await gone;
    if (output.includes(portIsTaken)) return output;
    throw new ChromaServerFailedError(`ended with ${child.signalCode ?? `code ${child.exitCode}`}`, output);
  }

  alive(): boolean {
    return (
      this.#process.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
    );
  }

  /**
   * Resolves when the process has ended and its files are closed. They contain every acknowledged write. Releases after
   * 1.3.1 end by SIGKILL only.
   */
  async stop(signal: "SIGINT" | "SIGKILL" = "SIGINT"): Promise<void> {
    const deadline = setTimeout(() => this.#process.kill("SIGKILL"), stopWithinMs);
    this.#process.kill(signal);
    await this.#gone;
    clearTimeout(deadline);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/api/v2/heartbeat`);
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, host);
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("A TCP server has a port.");
  return address.port;
}
