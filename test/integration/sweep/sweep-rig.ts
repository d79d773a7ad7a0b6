import { randomUUID } from "node:crypto";
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { type Collection, collections } from "../../../contract/collections.ts";
import type { Log } from "../../../core/log.ts";
import { madeCurrent } from "../../../core/runs/current-run.ts";
import { DynamoRunStore } from "../../../core/runs/dynamo-run-store.ts";
import type { OpenRun } from "../../../core/runs/open-run.ts";
import { OpenRuns } from "../../../core/runs/open-runs.ts";
import { RunQueues } from "../../../core/runs/run-queues.ts";
import type { NewRun, RunRef } from "../../../core/runs/run-store.ts";
import { type OpenRunsSweep, sweepOpenRuns } from "../../../core/sweep/sweep-open-runs.ts";
import type { Tables } from "../../unit/runs/tables.ts";

const minute = 60_000;

/** A sweeper of real tables, whose time passes as a test says. */
export class SweepRig {
  readonly runs: DynamoRunStore;
  readonly openRuns: OpenRuns;
  /** Deduplication ids of what was sent, by queue. */
  readonly sent: Record<Collection, string[]> = { lines: [], words: [] };
  readonly logged: { readonly message: string; readonly reason: unknown }[] = [];
  /** What the last sweep told. */
  metrics: Record<string, number> = {};
  #passedMs = 0;

  constructor(tables: Tables) {
    this.runs = new DynamoRunStore(tables);
    this.openRuns = new OpenRuns(tables.client, tables.controlTable);
  }

  readonly now = () => Date.now() + this.#passedMs;

  pass(minutes: number): void {
    this.#passedMs += minutes * minute;
  }

  get parts(): OpenRunsSweep {
    const keep = (message: string, fields: Record<string, unknown> = {}) =>
      void this.logged.push({ message, reason: fields.reason });
    const log: Log = { debug: keep, info: keep, warn: keep, error: keep };
    const tell = (name: string, value: number) => {
      this.metrics[name] = value;
    };
    return {
      openRuns: this.openRuns,
      runs: this.runs,
      queues: new RunQueues({
        client: this.sqs,
        queueUrls: { lines: ["lines"], words: ["words"] },
        region: "us-east-1",
      }),
      config: {
        openMs: 180 * minute,
        redrives: 2,
        maxFailures: 2,
        retentionMs: 0,
        claimMs: 4 * minute,
      },
      now: this.now,
      log,
      metrics: { count: tell, gauge: tell },
    };
  }

  async sweep(parts: Partial<OpenRunsSweep> = {}): Promise<void> {
    this.metrics = {};
    await sweepOpenRuns({ ...this.parts, ...parts }, Number.POSITIVE_INFINITY);
  }

  /** A run as embed makes it current and opens it. */
  async opened(runId = "run"): Promise<NewRun> {
    const run = this.newRun(runId);
    await this.makeCurrent(run, 1);
    await this.runs.open(run);
    return run;
  }

  newRun(runId = "run"): NewRun {
    const deltaPrefixes = { lines: "deltas/lines/x", words: "deltas/words/x" };
    return { imageId: randomUUID(), receiptId: 1, runId, deltaPrefixes, rejectedRows: 0 };
  }

  async makeCurrent(run: RunRef, attempt: number): Promise<void> {
    const current = await this.runs.current(run);
    const revision = (current?.revision ?? 0) + 1;
    await this.runs.moveCurrent(run, current, madeCurrent(current, { runId: run.runId, attempt }, revision));
  }

  async complete(run: RunRef, ...halves: readonly Collection[]): Promise<void> {
    for (const half of halves.length > 0 ? halves : collections) {
      await this.runs.start(run, half, 9);
      await this.runs.complete(run, half, 9, 1);
    }
  }

  /** States of both halves. */
  async states(run: RunRef): Promise<string[]> {
    const found = await this.runs.find(run);
    return collections.map((half) => found?.halves[half].state ?? "none");
  }

  async entriesOf({ imageId }: RunRef): Promise<OpenRun[]> {
    const entries: OpenRun[] = [];
    for await (const page of this.openRuns.pages(() => undefined)) entries.push(...page);
    return entries.filter((entry) => entry.imageId === imageId);
  }

  get sqs(): SQSClient {
    const send = async (command: unknown) => {
      if (!(command instanceof SendMessageCommand)) throw new Error("The sweeper only sends.");
      const { QueueUrl, MessageDeduplicationId = "" } = command.input;
      this.sent[QueueUrl as Collection].push(MessageDeduplicationId);
      return {};
    };
    return { send } as unknown as SQSClient;
  }
}
