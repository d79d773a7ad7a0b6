import { generationName } from "../../../core/collections/generations/head.ts";
import {
  type Contents,
  type Generation,
  generationsKept,
  leaseTicks,
  type Message,
  ProtocolBrokenError,
  type Run,
  type World,
} from "./world.ts";

const drained = 3;
const looks = 12;

class LeaseLostError extends Error {}

/** A process with one cycle to make: a step at a time, between which it can be paused for any time, or die. */
export class Compactor {
  readonly #world: World;
  readonly #owner: number;
  readonly #steps: Generator<void>;
  #token = 0;
  /** Of CURRENT when it was read, before the delta was. */
  readonly #versions = new Map<string, number | undefined>();
  #lastBeat = 0;
  #refused = false;

  constructor(world: World) {
    this.#world = world;
    this.#owner = world.newOwner();
    this.#steps = this.#cycle();
  }

  /** False when it is over. */
  step(): boolean {
    return this.#steps.next().done !== true;
  }

  beat(): void {
    const { shard, now } = this.#world;
    if (this.#token === 0) return;
    if (!this.#holds()) {
      this.#refused = true;
      return;
    }
    shard.counter += 1;
    this.#lastBeat = now;
    this.#world.shownAt = now;
  }

  *#cycle(): Generator<void> {
    if (!(yield* this.#takeLease())) return;
    try {
      yield* this.#leased();
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
    }
    const { shard } = this.#world;
    if (this.#world.has("a release is conditional on the lease") && !this.#holds()) return;
    if (shard.owner !== 0 && !this.#holds())
      throw new ProtocolBrokenError("Another holder's lease was released.");
    shard.owner = 0;
  }

  *#takeLease(): Generator<void, boolean> {
    const { shard } = this.#world;
    let [token, counter, since] = [-1, -1, 0];
    for (let look = 0; look < looks; look += 1) {
      const waits = this.#world.has(
        "a lease is taken over only after its holder was silent for a lease time",
      );
      const isOver = !waits || this.#world.now - since >= leaseTicks;
      if (shard.owner === 0) return this.#take();
      if (shard.token !== token || shard.counter !== counter) {
        [token, counter, since] = [shard.token, shard.counter, this.#world.now];
      } else if (isOver) {
        yield;
        if (shard.token === token && shard.counter === counter) return this.#take();
      }
      yield;
    }
    return false;
  }

  #take(): true {
    const { shard, now, shownAt } = this.#world;
    if (shard.owner !== 0 && now - shownAt < leaseTicks) {
      throw new ProtocolBrokenError("A living holder lost its lease.");
    }
    const grows = this.#world.has("every taking has a higher token") || shard.token === 0;
    Object.assign(shard, { owner: this.#owner, token: shard.token + (grows ? 1 : 0), counter: 0 });
    this.#token = shard.token;
    this.#lastBeat = now;
    this.#world.shownAt = now;
    return true;
  }

  *#leased(): Generator<void> {
    const world = this.#world;
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
    const { head, shown } =
      works.size > 0 ? yield* this.#publish(from, [...works.keys()]) : { head: from, shown: [] };
    for (const runId of works.keys()) if (!shown.includes(runId)) works.delete(runId);
    if (afterwards) yield* this.#acknowledge(works, done);
    yield* this.#collectGarbage(head);
  }

  /** Whether the run has to be applied. */
  *#start(runId: string): Generator<void, boolean> {
    const world = this.#world;
    const run = world.runs.get(runId) as Run;
    const early = world.current.get(run.receipt)?.runId;
    if (!world.has("a run is started before it is read which one counts")) yield;
    if (run.state === "COMPLETED") return false;
    if (run.token > this.#token) throw new LeaseLostError();
    Object.assign(run, { state: "PROCESSING", token: this.#token });
    yield;
    this.#versions.set(runId, world.current.get(run.receipt)?.version);
    if (!world.has("only the current run is applied")) return true;
    const startedFirst = world.has("a run is started before it is read which one counts");
    const counts = startedFirst ? world.current.get(run.receipt)?.runId : early;
    if (counts === runId) return true;
    yield* this.#complete(runId);
    return false;
  }

  /** Resolves to the head, and to the runs that it shows now: the messages of the others are redelivered. */
  *#publish(
    from: string | undefined,
    runIds: readonly string[],
  ): Generator<void, { head: string | undefined; shown: readonly string[] }> {
    const world = this.#world;
    const before = from === undefined ? undefined : world.files.get(from);
    if (from !== undefined && before === undefined) throw new ProtocolBrokenError(`${from} is gone.`);
    const number = Number(from?.split("-")[0] ?? 0) + 1;
    const there = runIds.filter((runId) => world.deltas.has(runId));
    yield;
    if (there.length === 0) return { head: from, shown: [] };
    const folds = before !== undefined && number % 4 === 0;
    const shown = folds ? there : yield* this.#name(from, there);
    if (shown.length === 0) return { head: from, shown };
    const entries = new Map(shown.map((runId) => [world.runs.get(runId)?.receipt ?? -1, runId]));
    this.#assertHeld();
    const name = generationName(number, this.#token);
    if (world.files.has(name)) throw new ProtocolBrokenError(`${name} was written twice.`);
    const above = folds
      ? this.#fold(name, from, entries)
      : this.#overlay(name, before, entries, number % 4 === 2);
    yield;
    world.files.set(name, { base: from, ...above });
    yield;
    this.#assertHeld();
    yield;
    const isMine = this.#holds() && world.shard.head === from;
    if (world.has("publishing is conditional on the lease and the head") && !isMine)
      throw new LeaseLostError();
    if (!world.files.has(name)) throw new ProtocolBrokenError(`${name} was published and is gone.`);
    if (world.shard.head !== from) throw new ProtocolBrokenError(`${world.shard.head} was published over.`);
    world.shard.head = name;
    yield;
    return { head: name, shown };
  }

  /** Notes the deltas that the next generation names. Those that may be about to go are left out. */
  *#name(from: string | undefined, runIds: readonly string[]): Generator<void, readonly string[]> {
    const world = this.#world;
    const areThere = () =>
      runIds.filter((runId) => {
        const current = this.#currentOf(runId);
        if (current?.runId === runId) return true;
        return current?.version === this.#versions.get(runId) && !world.expiring.has(runId);
      });
    const note = () => {
      if (this.#token < world.named.token) throw new LeaseLostError();
      const named = [...runIds, ...(from === undefined ? [] : world.runsAbove(from))];
      world.named.runs = new Set([...world.named.runs, ...named]);
      world.named.token = this.#token;
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
    const run = this.#world.runs.get(runId);
    return run && this.#world.current.get(run.receipt);
  }

  /** The next base: the one before, what is above it, and what is new. */
  #fold(name: string, from: string | undefined, entries: Contents) {
    const world = this.#world;
    const all = from === undefined ? new Map<number, string>() : world.read(from);
    const database = from === undefined ? undefined : world.files.get(from)?.database;
    const takesAll = world.has("a fold takes what is above the base into the next one");
    const base = takesAll ? all : new Map(database === undefined ? [] : world.bases.get(database));
    world.bases.set(name, new Map([...base, ...entries]));
    return { database: name, segments: [] };
  }

  /** A segment above the base, or in place of the newest one too. */
  #overlay(name: string, before: Generation | undefined, entries: Contents, merges: boolean) {
    const world = this.#world;
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
    this.#world.queue = this.#world.queue.filter((message) => !done.has(message));
    yield;
  }

  *#complete(runId: string): Generator<void> {
    const world = this.#world;
    const run = world.runs.get(runId) as Run;
    const fenced = world.has("a run is completed only under the token that started it");
    const isMine = run.state === "PROCESSING" && run.token === this.#token;
    if (isMine || !fenced) run.state = "COMPLETED";
    const { state, attempts } = run;
    yield;
    const exact = world.has("only the entry of the completed attempt is unlisted");
    if (state === "COMPLETED" && (!exact || world.open.get(runId) === attempts)) world.open.delete(runId);
    yield;
  }

  *#collectGarbage(head: string | undefined): Generator<void> {
    const world = this.#world;
    this.#assertHeld();
    yield;
    const published = world.history(head);
    const kept = published.slice(0, generationsKept);
    const isMine = (name: string) => {
      const isLower = Number(name.split("-")[1]) < this.#token;
      return !isLower && world.has("garbage is what lower tokens left");
    };
    for (const name of [...world.files.keys()]) {
      if (kept.includes(name) || (!published.includes(name) && isMine(name))) continue;
      world.files.delete(name);
    }
    const named = kept.map((name) => world.files.get(name));
    const respects = world.has("a base or segment that a kept generation names is no garbage");
    const bases = new Set(respects ? named.map((each) => each?.database) : kept);
    const segments = new Set(respects ? named.flatMap((each) => each?.segments ?? []) : kept);
    for (const name of world.bases.keys()) if (!bases.has(name) && !isMine(name)) world.bases.delete(name);
    for (const name of world.segments.keys()) {
      if (!segments.has(name) && !isMine(name)) world.segments.delete(name);
    }
    yield;
    if (this.#token < world.named.token) return;
    world.named.runs = new Set(kept.flatMap((name) => world.runsAbove(name)));
    world.named.token = this.#token;
    yield;
  }

  #holds(): boolean {
    const { owner, token } = this.#world.shard;
    return owner === this.#owner && token === this.#token;
  }

  #assertHeld(): void {
    if (this.#refused || this.#world.now - this.#lastBeat >= leaseTicks) throw new LeaseLostError();
  }
}
