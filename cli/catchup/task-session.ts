import { S3Client } from "@aws-sdk/client-s3";
import { ObjectStore } from "../../core/catchup/sources/object-store.ts";
import type { Screen, Suggestion } from "../screen.ts";
import type { StackOutputs } from "../target.ts";
import type { ShownTask } from "./client.ts";
import { readFailedRecords } from "./failed-records.ts";
import { type FollowOptions, follow } from "./follow.ts";
import { failedLines, isGood, outcomeLines } from "./outcome.ts";
import { progressOf, recordsDone, whole } from "./progress.ts";
import { upload } from "./upload.ts";

const failedShown = 5;

/** A request to start a task for a local file or for a source that the stack reads itself. */
export interface StartOrder {
  readonly file: string | undefined;
  readonly request: Readonly<Record<string, string | number | boolean>>;
  readonly idempotencyKey: string | undefined;
}

export interface SessionDeps {
  readonly screen: Screen;
  readonly client: {
    start(request: StartOrder["request"], idempotencyKey?: string): Promise<string>;
    status(taskId: string): Promise<ShownTask>;
  };
  readonly outputs: NonNullable<StackOutputs["catchUp"]>;
  /** Commands that continue with a task. */
  readonly commands: {
    follow(taskId: string): string;
    cancel(taskId: string): string;
    retry(taskId: string): string;
    /** Lists every failed record. @default none is suggested */
    failed?(taskId: string): string;
  };
  readonly follow?: FollowOptions;
}

/** Shows a task to the user, from the upload of its file to its failed records. */
export class TaskSession {
  readonly #deps: SessionDeps;
  readonly #s3 = new S3Client({});

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  get work(): ObjectStore {
    return new ObjectStore(this.#s3, this.#deps.outputs.workBucket);
  }

  /** Returns the id of the task. */
  async start({ file, request, idempotencyKey }: StartOrder): Promise<string> {
    const { client, outputs, screen } = this.#deps;
    if (file === undefined) return client.start(request, idempotencyKey);
    const key = await upload(file, outputs.sourceBucket, this.#s3, (bytes, of) => {
      const text = `uploading ${whole(bytes)} of ${whole(of)} bytes`;
      screen.status([`  ${text}`], text);
    });
    return client.start({ ...request, s3_key: key }, idempotencyKey);
  }

  async toTheEnd(taskId: string): Promise<void> {
    const { client, screen } = this.#deps;
    screen.print(`Task ${taskId}`);
    process.once("SIGINT", () => this.#leave(taskId));
    const began = performance.now();
    let before: number | undefined;
    let shown: readonly string[] = [];
    const show = (now: ShownTask) => {
      before ??= recordsDone(now);
      const { block, line } = progressOf(now, (performance.now() - began) / 1_000, before);
      screen.status(block, line);
      shown = block;
    };
    const task = await follow(taskId, client, show, this.#deps.follow);
    screen.print(...shown);
    await this.#tell(task);
  }

  /** Ctrl+C ends only the command; the task continues in the stack. */
  #leave(taskId: string): void {
    const { screen, commands } = this.#deps;
    screen.print("", `${taskId} continues.`);
    screen.suggest([
      { purpose: "follow it", command: commands.follow(taskId) },
      { purpose: "cancel it", command: commands.cancel(taskId) },
    ]);
    process.exit(1);
  }

  async #tell(task: ShownTask): Promise<void> {
    const { screen } = this.#deps;
    const good = isGood(task);
    screen.heading(
      screen.paint(good ? "green" : "red", task.dry_run ? `${task.status}, a dry run` : task.status),
    );
    screen.print(...outcomeLines(task).map((line) => `  ${line}`));
    if (task.failed_records_key !== null) {
      const failed = await readFailedRecords(task.failed_records_key, this.work, failedShown);
      screen.heading("What failed");
      screen.print(...failedLines(failed).map((line) => `  ${line}`.trimEnd()));
      for (const suggestion of this.#suggestionsFor(task)) screen.suggest([suggestion]);
    }
    if (!good) process.exitCode = 1;
  }

  #suggestionsFor({ task_id, dry_run }: ShownTask): Suggestion[] {
    const { failed, retry } = this.#deps.commands;
    return [
      ...(failed ? [{ purpose: "all of them, with their rows", command: failed(task_id) }] : []),
      ...(dry_run ? [] : [{ purpose: "retry only these", command: retry(task_id) }]),
    ];
  }
}
