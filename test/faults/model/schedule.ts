import fc from "fast-check";
import { Compactor } from "./cycle.ts";
import { type Export, embed } from "./embed.ts";
import { Folder } from "./fold.ts";
import { type Guard, generationsKept, leaseTicks, ProtocolBrokenError, World } from "./world.ts";

const processes = 3;
/** Few enough for a contender to see that a holder is silent. */
const stepsPerTick = 3;
const folders = 2;
const process = fc.nat(processes - 1);
const folder = fc.nat(folders - 1);
/** Mostly so few that an embedding stays in the middle of its way. */
const embeddingSteps = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 2 }) },
  { weight: 1, arbitrary: fc.integer({ min: 2, max: 6 }) },
);

/** One thing that happens next. A process that no step is given to is paused. */
const events: { readonly weight: number; readonly arbitrary: fc.Arbitrary<object> }[] = [
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant("steps"), process, count: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("dies"), process }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("beats"), process }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("time"), ticks: fc.integer({ min: 1, max: leaseTicks }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("export"),
      receipt: fc.constantFrom(0, 0, 0, 1),
      content: fc.constantFrom("A", "B"),
      /** Of the same moment as the export before it. */
      isTwin: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("embeds"),
      which: fc.nat(9),
      count: embeddingSteps,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("embed dies"), which: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("message lost"), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("sweep") }) },
];
const folds: typeof events = [
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("folds"),
      process: folder,
      count: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("fold dies"), process: folder }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("fold beats"), process: folder }) },
];
const sweepsOfDeltas: typeof events = [
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("deltas swept"), count: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delta sweep dies") }) },
];

type Event =
  | { readonly kind: "steps"; readonly process: number; readonly count: number }
  | { readonly kind: "dies" | "beats"; readonly process: number }
  | { readonly kind: "folds"; readonly process: number; readonly count: number }
  | { readonly kind: "fold dies" | "fold beats"; readonly process: number }
  | { readonly kind: "time"; readonly ticks: number }
  | { readonly kind: "export"; readonly receipt: number; readonly content: string; readonly isTwin: boolean }
  | { readonly kind: "embeds"; readonly which: number; readonly count: number }
  | { readonly kind: "embed dies" | "message lost"; readonly which: number }
  | { readonly kind: "deltas swept"; readonly count: number }
  | { readonly kind: "sweep" | "delta sweep dies" };

export interface Among {
  readonly sweeps: boolean;
  readonly folds: boolean;
}

/** With sweeps of deltas and folds, or without: then what has nothing to do with them is found in fewer schedules. */
export function schedules(among: Among): fc.Arbitrary<readonly Event[]> {
  // A schedule is drawn by the position of its events: in this order the rarest bugs are found soonest.
  const [first, others] = [events.slice(0, 3), events.slice(3)];
  const all = [...first, ...(among.folds ? folds : []), ...others, ...(among.sweeps ? sweepsOfDeltas : [])];
  const event = fc.oneof(...all) as fc.Arbitrary<Event>;
  return fc.array(event, { minLength: 10, maxLength: 120, size: "max" });
}

interface Embedding {
  readonly message: Export;
  steps: Generator<void>;
}

class Play {
  readonly world: World;
  readonly #compactors: (Compactor | undefined)[] = Array.from({ length: processes });
  readonly #folders: (Folder | undefined)[] = Array.from({ length: folders });
  #embeddings: Embedding[] = [];
  #deltaSweep: Generator<void> | undefined;
  #revision = 0;
  /** The last content of each receipt; of one moment, that of the greater run. */
  readonly exported = new Map<number, string>();
  readonly #exportedAt = new Map<number, number>();

  constructor(without: Guard | undefined) {
    this.world = new World(without);
  }

  happens(event: Event): void {
    const { world } = this;
    switch (event.kind) {
      case "steps":
        this.#step(event.process, event.count);
        return;
      case "dies":
        this.#compactors[event.process] = undefined;
        return;
      case "beats":
        this.#compactors[event.process]?.beat();
        return;
      case "folds":
        this.#fold(event.process, event.count);
        return;
      case "fold dies":
        this.#folders[event.process] = undefined;
        return;
      case "fold beats":
        this.#folders[event.process]?.beat();
        return;
      case "time":
        world.now += event.ticks;
        return;
      case "export": {
        if (!event.isTwin) this.#revision += 1;
        this.#note(event.receipt, `${event.receipt}${event.content}`);
        const message = { receipt: event.receipt, content: event.content, revision: this.#revision };
        this.#embeddings.push({ message, steps: embed(world, message) });
        return;
      }
      case "embeds": {
        const embedding = this.#embeddings[event.which % this.#embeddings.length];
        if (embedding) this.#embed(embedding, event.count);
        return;
      }
      case "embed dies": {
        const embedding = this.#embeddings[event.which % this.#embeddings.length];
        if (embedding) embedding.steps = embed(world, embedding.message);
        return;
      }
      case "message lost":
        world.queue.splice(event.which % (world.queue.length || 1), 1);
        return;
      case "sweep":
        this.#sweep();
        return;
      case "deltas swept":
        this.#sweepDeltas(event.count);
        return;
      case "delta sweep dies":
        this.#deltaSweep = undefined;
        // Nobody waits for it for longer than an hour.
        world.expiring.clear();
    }
  }

  /** A reader that opens a kept generation finds all of it. */
  requireReadable(): void {
    const { world } = this;
    for (const name of world.history(world.shard.head).slice(0, generationsKept)) world.read(name);
  }

  /** Everybody lives, nothing more is lost, and time goes on until nothing is left to do. */
  comesToRest(): void {
    const { world } = this;
    for (let tick = 0; tick < 1_000; tick += 1) {
      this.#sweepDeltas(Number.POSITIVE_INFINITY);
      for (const embedding of [...this.#embeddings]) this.#embed(embedding, Number.POSITIVE_INFINITY);
      for (const [index, compactor] of this.#compactors.entries()) {
        const isDue = world.queue.length > 0 || (world.publishing.owner !== 0 && this.#isIdle());
        if (compactor || isDue) this.#step(index, stepsPerTick);
        this.#compactors[index]?.beat();
      }
      for (const [index, running] of this.#folders.entries()) {
        const isDue = world.folding.owner !== 0 && this.#folders.every((one) => one === undefined);
        if (running || isDue) this.#fold(index, stepsPerTick);
        this.#folders[index]?.beat();
      }
      world.now += 1;
      if (world.queue.length === 0) this.#sweep();
      if (this.#rests()) return;
    }
    throw new ProtocolBrokenError("It does not come to rest.");
  }

  #note(receipt: number, runId: string): void {
    const isTwin = this.#exportedAt.get(receipt) === this.#revision;
    if (isTwin && runId < (this.exported.get(receipt) ?? "")) return;
    this.exported.set(receipt, runId);
    this.#exportedAt.set(receipt, this.#revision);
  }

  #rests(): boolean {
    const { publishing, folding, queue, open } = this.world;
    if (folding.owner !== 0 || this.#folders.some((one) => one !== undefined)) return false;
    return (
      this.#isIdle() && publishing.owner === 0 && queue.length === 0 && (open.size === 0 || !this.#sweeps())
    );
  }

  #isIdle(): boolean {
    return this.#compactors.every((compactor) => compactor === undefined);
  }

  #step(index: number, count: number): void {
    for (let step = 0; step < count; step += 1) {
      const compactor = this.#compactors[index] ?? new Compactor(this.world);
      this.#compactors[index] = compactor;
      if (compactor.step()) continue;
      this.#compactors[index] = undefined;
      return;
    }
  }

  #fold(index: number, count: number): void {
    for (let step = 0; step < count; step += 1) {
      const running = this.#folders[index] ?? new Folder(this.world);
      this.#folders[index] = running;
      if (running.step()) continue;
      this.#folders[index] = undefined;
      return;
    }
  }

  #embed(embedding: Embedding, count: number): void {
    for (let step = 0; step < count; step += 1) {
      if (embedding.steps.next().done !== true) continue;
      this.#embeddings = this.#embeddings.filter((other) => other !== embedding);
      return;
    }
  }

  /** One sweep at a time goes through all deltas, a step at a time. */
  #sweepDeltas(count: number): void {
    for (let step = 0; step < count; step += 1) {
      this.#deltaSweep ??= sweepDeltas(this.world);
      if (this.#deltaSweep.next().done !== true) continue;
      this.#deltaSweep = undefined;
      return;
    }
  }

  #sweeps(): boolean {
    return this.world.has("the sweeper drives open runs again");
  }

  #sweep(): void {
    if (!this.#sweeps()) return;
    const { open, runs, current } = this.world;
    const isOld = this.#embeddings.length === 0;
    const counting = new Set([...current.values()].map(({ runId }) => runId));
    for (const [runId, attempt] of [...open]) {
      const run = runs.get(runId);
      // What is listed may be yet to be opened, unless the entry is old and by now another run counts.
      const isOpened = (run && run.attempts >= attempt) || (isOld && !counting.has(runId));
      const isOver = isOpened && (run === undefined || run.state === "COMPLETED");
      if (isOver) open.delete(runId);
      else if (run) this.world.send(runId);
    }
  }
}

/**
 * Removes the deltas of superseded runs, even of one that was superseded a moment ago. It writes into CURRENT what it is about
 * to remove, and only then reads what is named.
 */
function* sweepDeltas(world: World): Generator<void> {
  for (const runId of [...world.deltas]) {
    const receipt = world.runs.get(runId)?.receipt;
    const current = receipt === undefined ? undefined : world.current.get(receipt);
    if (receipt === undefined || current === undefined || current.runId === runId) continue;
    yield;
    if (world.current.get(receipt)?.version !== current.version) continue;
    world.current.set(receipt, { ...current, version: current.version + 1 });
    world.expiring.add(runId);
    yield;
    const isNamed = world.named.runs.has(runId);
    yield;
    const respects = world.has("a delta that a kept generation names is not swept");
    if (!isNamed || !respects) world.deltas.delete(runId);
    yield;
    const now = world.current.get(receipt);
    if (now) world.current.set(receipt, { ...now, version: now.version + 1 });
    world.expiring.delete(runId);
    yield;
  }
}

/** Throws ProtocolBrokenError if the schedule breaks the protocol, at any step or at the end. */
export function play(schedule: readonly Event[], without?: Guard): void {
  const scene = new Play(without);
  for (const event of schedule) {
    scene.happens(event);
    scene.requireReadable();
  }
  scene.comesToRest();
  const { world } = scene;
  scene.requireReadable();
  const published = world.shard.head === undefined ? undefined : world.read(world.shard.head);
  for (const [receipt, runId] of scene.exported) {
    const shown = published?.get(receipt);
    if (shown !== runId)
      throw new ProtocolBrokenError(`${shown} is published, and ${runId} was exported last.`);
  }
  for (const [runId, { state }] of world.runs) {
    if (state !== "COMPLETED") throw new ProtocolBrokenError(`Run ${runId} is ${state} for ever.`);
  }
}
