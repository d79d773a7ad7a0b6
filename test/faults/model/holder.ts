import { generationsKept, leaseTicks, ProtocolBrokenError, type SharedLease, type World } from "./world.ts";

const looks = 12;

export class LeaseLostError extends Error {}

/** A process that works under one of the leases: a step at a time, between which it can be paused for any time, or die. */
export abstract class Holder {
  protected readonly world: World;
  protected token = 0;
  readonly #lease: SharedLease;
  readonly #owner: number;
  readonly #steps: Generator<void>;
  #lastBeat = 0;
  #refused = false;

  constructor(world: World, lease: SharedLease) {
    this.world = world;
    this.#lease = lease;
    this.#owner = world.newOwner();
    this.#steps = this.#work();
  }

  protected abstract leased(): Generator<void>;

  /** False when it is over. */
  step(): boolean {
    return this.#steps.next().done !== true;
  }

  beat(): void {
    if (this.token === 0) return;
    if (!this.holds()) {
      this.#refused = true;
      return;
    }
    this.#lease.counter += 1;
    this.#lastBeat = this.world.now;
    this.#lease.shownAt = this.world.now;
  }

  protected holds(): boolean {
    return this.#lease.owner === this.#owner && this.#lease.token === this.token;
  }

  protected assertHeld(): void {
    if (this.#refused || this.world.now - this.#lastBeat >= leaseTicks) throw new LeaseLostError();
  }

  *#work(): Generator<void> {
    if (!(yield* this.#takeLease())) return;
    try {
      yield* this.leased();
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
    }
    if (this.world.has("a release is conditional on the lease") && !this.holds()) return;
    if (this.#lease.owner !== 0 && !this.holds())
      throw new ProtocolBrokenError("Another holder's lease was released.");
    this.#lease.owner = 0;
  }

  *#takeLease(): Generator<void, boolean> {
    const lease = this.#lease;
    let [token, counter, since] = [-1, -1, 0];
    for (let look = 0; look < looks; look += 1) {
      const waits = this.world.has("a lease is taken over only after its holder was silent for a lease time");
      const isOver = !waits || this.world.now - since >= leaseTicks;
      if (lease.owner === 0) return this.#take();
      if (lease.token !== token || lease.counter !== counter) {
        [token, counter, since] = [lease.token, lease.counter, this.world.now];
      } else if (isOver) {
        yield;
        if (lease.token === token && lease.counter === counter) return this.#take();
      }
      yield;
    }
    return false;
  }

  #take(): true {
    const lease = this.#lease;
    const { now } = this.world;
    if (lease.owner !== 0 && now - lease.shownAt < leaseTicks) {
      throw new ProtocolBrokenError("A living holder lost its lease.");
    }
    const grows = this.world.has("every taking has a higher token") || lease.token === 0;
    const token = grows ? this.world.nextToken() : lease.token;
    Object.assign(lease, { owner: this.#owner, token, counter: 0, shownAt: now });
    this.token = token;
    this.#lastBeat = now;
    return true;
  }

  /** By one read of the head and of who holds a lease. */
  protected *collectGarbage({ forgets }: { readonly forgets: boolean }): Generator<void> {
    const { world } = this;
    this.assertHeld();
    yield;
    const published = world.history(world.shard.head);
    const holders = world.has("what a holder has written is no garbage") ? world.holders() : [];
    yield;
    const kept = published.slice(0, generationsKept);
    const isMine = (name: string) => {
      const token = Number(name.split("-")[1]);
      const stays = token >= this.token || holders.includes(token);
      return stays && world.has("garbage is what lower tokens left");
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
    if (!forgets || this.token < world.named.token) return;
    world.named.runs = new Set(kept.flatMap((name) => world.runsAbove(name)));
    world.named.token = this.token;
    yield;
  }
}
