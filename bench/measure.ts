import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { runChild } from "./child.ts";
import { type ContenderName, contenderNames } from "./contenders/names.ts";
import type { Orders, Outcome } from "./contenders/run.ts";
import type { SinkName } from "./options.ts";
import { collection, openSink, type SinkSettings } from "./sinks.ts";

/** What one contender reached in one round. */
export interface Measurement extends Outcome {
  readonly sink: SinkName;
  /** From 1. */
  readonly round: number;
  readonly contender: ContenderName;
  readonly recordsPerSecond: number;
}

export interface MeasureSettings extends Omit<SinkSettings, "folder"> {
  readonly model: string;
  readonly rounds: number;
  /** For everything that a round writes. */
  readonly folder: string;
}

/** Every contender once per round, each in its own process with a fresh sink; each round starts with the next contender. */
export async function* measureInto(sink: SinkName, settings: MeasureSettings): AsyncGenerator<Measurement> {
  for (let round = 1; round <= settings.rounds; round += 1) {
    for (let turn = 0; turn < contenderNames.length; turn += 1) {
      const contender = contenderNames[(round - 1 + turn) % contenderNames.length];
      if (contender) yield await measure(sink, round, contender, settings);
    }
  }
}

async function measure(
  sinkName: SinkName,
  round: number,
  contender: ContenderName,
  settings: MeasureSettings,
): Promise<Measurement> {
  const { records, embeddingsUrl, model, dimensions } = settings;
  const sink = await openSink(sinkName, { ...settings, folder: join(settings.folder, "sink") });
  const folder = join(settings.folder, "contender");
  await mkdir(folder);
  try {
    const orders: Orders = {
      contender,
      records: records.length,
      embeddingsUrl,
      model,
      dimensions,
      sinkUrl: sink.url,
      collection,
      folder,
    };
    const outcome = await runChild<Outcome>("contenders/run.ts", { ...orders });
    await sink.check();
    return {
      ...outcome,
      sink: sinkName,
      round,
      contender,
      recordsPerSecond: records.length / outcome.seconds,
    };
  } finally {
    await sink.close();
    await rm(folder, { recursive: true });
  }
}
