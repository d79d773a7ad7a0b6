import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Mount, throughMounts } from "../lambda/function-definition.ts";
import type { Platform } from "../lambda/platform.ts";
import { worksInBulk } from "../processes/background.ts";
import { LogStream } from "../processes/log-stream.ts";
import { Program } from "../processes/program.ts";
import { region } from "../protocol/account.ts";

/** One container of a service's task: its task definition and the source of its image. */
export interface ServiceDefinition {
  readonly name: string;
  /** The folder that the image is built from; `main.mjs` in it is the program. */
  readonly context: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Seconds from SIGTERM to SIGKILL. */
  readonly stopSeconds: number;
  readonly mounts: readonly Mount[];
  readonly taskRoleName: string;
  /** Its role writes the log. */
  readonly executionRoleName: string;
  readonly log: { readonly group: string; readonly streamPrefix: string };
}

const firstRestartMilliseconds = 500;
const maxRestartMilliseconds = 30_000;
/** A task that ran this long is healthy: its next restart is quick again. */
const healthyMilliseconds = 60_000;
const taskProgram = join(import.meta.dirname, "task-program.ts");

/** An ECS service of one task, started again whenever it ends. */
export class ServiceTask {
  readonly #definition: ServiceDefinition;
  readonly #platform: Platform;
  readonly #stopping = new AbortController();
  #program: Program | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(definition: ServiceDefinition, platform: Platform) {
    this.#definition = definition;
    this.#platform = platform;
  }

  get name(): string {
    return this.#definition.name;
  }

  get pid(): number | undefined {
    return this.#program?.pid;
  }

  start(): void {
    this.#running = this.#keepRunning();
  }

  /** SIGTERM, then SIGKILL after the grace; resolves when the process has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#program?.stop(this.#definition.stopSeconds * 1000);
    await this.#running;
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#stopping;
    let wait = firstRestartMilliseconds;
    while (!signal.aborted) {
      const startedAt = Date.now();
      const end = await this.#runOnce();
      if (signal.aborted) return;
      if (Date.now() - startedAt > healthyMilliseconds) wait = firstRestartMilliseconds;
      const { name, log } = this.#definition;
      this.#platform.report(
        `A task of the service ${name} ended (${end}) and starts again. Its log is ${log.group}.`,
      );
      await delay(wait, undefined, { signal }).catch(() => {});
      wait = Math.min(maxRestartMilliseconds, 2 * wait);
    }
  }

  async #runOnce(): Promise<string> {
    const { name, context, executionRoleName, log: target } = this.#definition;
    const taskId = randomBytes(16).toString("hex");
    const temporaryFolder = join(this.#platform.scratchFolder, name, taskId);
    mkdirSync(temporaryFolder, { recursive: true });
    const { logs } = this.#platform.clients(executionRoleName);
    const log = new LogStream(logs, target.group, `${target.streamPrefix}/${taskId}`, this.#platform.report);
    this.#program = new Program({
      arguments: [taskProgram, join(context, "main.mjs")],
      folder: context,
      environment: this.#environment(temporaryFolder),
      background: worksInBulk(name),
      onLine: (line) => log.write(line),
    });
    const end = await this.#program.ended;
    await log.flush();
    await rm(temporaryFolder, { recursive: true, force: true });
    return end;
  }

  #environment(temporaryFolder: string): Record<string, string> {
    const { environment, mounts, taskRoleName } = this.#definition;
    const credentials = this.#platform.credentials(taskRoleName);
    return {
      PATH: process.env.PATH ?? "",
      ...throughMounts(environment, mounts),
      TMPDIR: temporaryFolder,
      AWS_EXECUTION_ENV: "AWS_ECS_FARGATE",
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_ENDPOINT_URL: this.#platform.endpoint,
      AWS_ENDPOINT_URL_S3: this.#platform.objectsEndpoint,
    };
  }
}
