import { generationName } from "../../../core/collections/generations/generation-name.ts";
import { Holder, LeaseLostError } from "./holder.ts";
import { type Contents, type Generation, ProtocolBrokenError, type World } from "./world.ts";

/** A process with one fold to make, beside the cycles that publish. */
export class Folder extends Holder {
  constructor(world: World) {
    super(world, world.folding);
  }

  protected override *leased(): Generator<void> {
    const { world } = this;
    yield;
    const from = world.shard.head;
    const before = from === undefined ? undefined : world.files.get(from);
    if (from === undefined || before === undefined) return;
    yield;
    // A delta that is gone stays above the base; the others are in it.
    const there = [...world.overlay(before)].filter(([, runId]) => world.deltas.has(runId));
    if (there.length === 0) return;
    const settled = new Map(there);
    const name = generationName(Number(from.split("-")[0]) + 1, this.token);
    const base = new Map([...(world.bases.get(before.database ?? "") ?? []), ...settled]);
    yield;
    this.assertHeld();
    const isWhole = world.has("a generation is whole before the head names it");
    if (isWhole) world.bases.set(name, base);
    yield;
    yield* this.#publish(name, before, settled);
    if (!isWhole) world.bases.set(name, base);
    yield* this.collectGarbage({ forgets: !world.has("a fold forgets no delta that is named") });
  }

  /** Over the head, whichever has the base that was folded; only a manifest is made for each. */
  *#publish(database: string, folded: Generation, settled: Contents): Generator<void> {
    const { world } = this;
    for (;;) {
      const head = world.shard.head;
      const now = head === undefined ? undefined : world.files.get(head);
      if (head === undefined || now === undefined) throw new LeaseLostError();
      const isFollowed = now.database === folded.database;
      if (world.has("a fold is not published over another base") && !isFollowed) throw new LeaseLostError();
      const number = Number(head.split("-")[0]) + 1;
      const name = generationName(number, this.token);
      const rest = [...world.overlay(now)].filter(([receipt, runId]) => settled.get(receipt) !== runId);
      const keeps = world.has("a fold keeps what was published while it ran");
      const segments = rest.length > 0 && keeps ? [name] : [];
      if (segments.length > 0) world.segments.set(name, new Map(rest));
      yield;
      world.files.set(name, { base: head, database, segments });
      yield;
      this.assertHeld();
      yield;
      const isMine = this.holds() || !world.has("a fold is published under its own lease");
      if (isMine && world.shard.head === head) {
        if (!world.files.has(name)) throw new ProtocolBrokenError(`${name} was published and is gone.`);
        world.shard.head = name;
        yield;
        return;
      }
      if (!this.holds()) throw new LeaseLostError();
      yield;
    }
  }
}
