import { generationName } from "../../../core/collections/generations/generation-name.ts";
import { Holder, LeaseLostError } from "./holder.ts";
import {
  type Contents,
  type Generation,
  leaseTicks,
  type Message,
  ProtocolBrokenError,
  type Run,
  type World,
} from "./world.ts";

const drained = 3;

/** A process with one cycle to make. It publishes a segment, or, as a repair does, a base. */
export class Compactor extends Holder {
  /** Of CURRENT when it was read, before the delta was. */
  readonly #versions = new Map<string, number | undefined>();

  constructor(world: World) {
    super(world, world.publishing);
  }

  protected override *leased(): Generator<void> {
    const world = this.world;
    yield;
    const from = world.shard.head;
    yield;
    const messages = world.queue.filter(({ hiddenUntil }) => hiddenUntil <= world.now).slice(0, drained);
    for (const message of messages) message.hiddenUntil = world.now + leaseTicks;
    yield;
    const done = new Set<Message>();
    const works = new Map<string, Message>();
    for (const message of messages) {
      const counts = yield* this.#start(message.runId);
      if (counts) works.set(message.runId, message);
      else done.add(message);
    }
    const afterwards = world.has("messages are acknowledged after publishing");
    if (!afterwards) yield* this.#acknowledge(works, done);
    const { shown } = works.size > 0 ? yield* this.#publish(from, [...works.keys()]) : { shown: [] };
    for (const runId of works.keys()) if (!shown.includes(runId)) works.delete(runId);
    if (afterwards) yield* this.#acknowledge(works, done);
    yield* this.collectGarbage({ forgets: true });
  }

  /** Whether the run has to be applied. */
  *#start(runId: string): Generator<void, boolean> {
    const world = this.world;
    const run = world.runs.get(runId) as Run;
    const early = world.current.get(run.receipt)?.runId;
    if (!world.has("a run is started before it is read which one counts")) yield;
    if (run.state === "COMPLETED") return false;
    if (run.token > this.token) throw new LeaseLostError();
    Object.assign(run, { state: "PROCESSING", token: this.token });
    yield;
    this.#versions.set(runId, world.current.get(run.receipt)?.version);
    if (!world.has("only the current run is applied")) return true;
    const startedFirst = world.has("a run is started before it is read which one counts");
    const counts = startedFirst ? world.current.get(run.receipt)?.runId : early;
    if (counts === runId) return true;
    yield* this.#complete(runId);
    return false;
  }

  /** Resolves to the runs that the head shows now: the messages of the others are redelivered. */
  *#publish(
    from: string | undefined,
    runIds: readonly string[],
  ): Generator<void, { readonly shown: readonly string[] }> {
    const world = this.world;
    const there = runIds.filter((runId) => world.deltas.has(runId));
    yield;
    if (there.length === 0) return { shown: [] };
    const repairs = from !== undefined && numberAfter(from) % 4 === 0;
    const shown = repairs ? there : yield* this.#name(from, there);
    if (shown.length === 0) return { shown };
    const entries = new Map(shown.map((runId) => [world.runs.get(runId)?.receipt ?? -1, runId]));
    for (let over = from; ; ) {
      if (yield* this.#publishOver(over, entries, repairs)) return { shown };
      // A fold has moved the head: what was looked at goes above that one.
      if (!this.holds() || world.shard.head === over) throw new LeaseLostError();
      over = world.shard.head;
      yield;
    }
  }

  /** False where the head has moved, or the lease is another's. */
  *#publishOver(from: string | undefined, entries: Contents, repairs: boolean): Generator<void, boolean> {
    const world = this.world;
    const before = from === undefined ? undefined : world.files.get(from);
    if (from !== undefined && before === undefined) {
      // Another holder may have collected what one that was paused for long starts from.
      if (!this.holds()) throw new LeaseLostError();
      throw new ProtocolBrokenError(`${from} is gone.`);
    }
    const number = numberAfter(from);
    this.assertHeld();
    const name = generationName(number, this.token);
    if (world.files.has(name)) throw new ProtocolBrokenError(`${name} was written twice.`);
    const above = repairs
      ? this.#base(name, from, entries)
      : this.#overlay(name, before, entries, number % 4 === 2);
    yield;
    world.files.set(name, { base: from, ...above });
    yield;
    this.assertHeld();
    yield;
    const isMine = this.holds() && world.shard.head === from;
    if (world.has("publishing is conditional on the lease and the head") && !isMine) return false;
    if (!world.files.has(name)) throw new ProtocolBrokenError(`${name} was published and is gone.`);
    if (world.shard.head !== from) throw new ProtocolBrokenError(`${world.shard.head} was published over.`);
    world.shard.head = name;
    yield;
    return true;
  }

  /**
   * Notes the deltas that the next generation names, unless the head names all of them. Those that it does not name and
   * that may be about to go are left out.
   */
  *#name(from: string | undefined, runIds: readonly string[]): Generator<void, readonly string[]> {
    const world = this.world;
    const above = from === undefined ? [] : world.runsAbove(from);
    const looksAtAll = world.has("a publish notes no delta only where the head names all of them");
    const isNamed = (runId: string) => (looksAtAll ? above.includes(runId) : above.length > 0);
    if (runIds.every(isNamed)) return runIds;
    const areThere = () =>
      runIds.filter((runId) => {
        if (isNamed(runId)) return true;
        const current = this.#currentOf(runId);
        if (current?.runId === runId) return true;
        return current?.version === this.#versions.get(runId) && !world.expiring.has(runId);
      });
    const note = () => {
      if (this.token < world.named.token) throw new LeaseLostError();
      const named = [...runIds, ...above];
      world.named.runs = new Set([...world.named.runs, ...named]);
      world.named.token = this.token;
    };
    if (!world.has("a publish names its deltas before it looks whether one is going")) {
      const there = areThere();
      yield;
      note();
      yield;
      return there;
    }
    note();
    yield;
    return areThere();
  }

  #currentOf(runId: string) {
    const run = this.world.runs.get(runId);
    return run && this.world.current.get(run.receipt);
  }

  /** The next base: the one before, what is above it, and what is new. */
  #base(name: string, from: string | undefined, entries: Contents) {
    const world = this.world;
    const all = from === undefined ? new Map<number, string>() : world.read(from);
    const database = from === undefined ? undefined : world.files.get(from)?.database;
    const takesAll = world.has("a base takes what is above the one before");
    const base = takesAll ? all : new Map(database === undefined ? [] : world.bases.get(database));
    world.bases.set(name, new Map([...base, ...entries]));
    return { database: name, segments: [] };
  }

  /** A segment above the base, or in place of the newest one too. */
  #overlay(name: string, before: Generation | undefined, entries: Contents, merges: boolean) {
    const world = this.world;
    const keeps = world.has("a publish keeps the segments that are above the base");
    const older = keeps ? (before?.segments ?? []) : [];
    const last = merges ? older.at(-1) : undefined;
    const merged = last === undefined ? entries : new Map([...(world.segments.get(last) ?? []), ...entries]);
    world.segments.set(name, merged);
    const kept = last === undefined ? older : older.slice(0, -1);
    return { database: before?.database, segments: [...kept, name] };
  }

  *#acknowledge(works: ReadonlyMap<string, Message>, done: Set<Message>): Generator<void> {
    for (const [runId, message] of works) {
      yield* this.#complete(runId);
      done.add(message);
    }
    this.world.queue = this.world.queue.filter((message) => !done.has(message));
    yield;
  }

  *#complete(runId: string): Generator<void> {
    const world = this.world;
    const run = world.runs.get(runId) as Run;
    const fenced = world.has("a run is completed only under the token that started it");
    const isMine = run.state === "PROCESSING" && run.token === this.token;
    if (isMine || !fenced) run.state = "COMPLETED";
    const { state, attempts } = run;
    yield;
    const exact = world.has("only the entry of the completed attempt is unlisted");
    if (state === "COMPLETED" && (!exact || world.open.get(runId) === attempts)) world.open.delete(runId);
    yield;
  }
}

function numberAfter(generation: string | undefined): number {
  return Number(generation?.split("-")[0] ?? 0) + 1;
}
