import { LeaseLostError } from "../../core/collections/lease/lease.ts";
import type { Delta } from "../../core/deltas/delta.ts";
import { mirrorShard } from "../../core/mirror/mirror-shard.ts";
import { MirrorRig, type OnRequest } from "../integration/mirror/mirror-rig.ts";
import { nightly } from "./nightly.ts";
import { Random } from "./seeds.ts";

jest.setTimeout(1_800_000);

const receipts = 12;
/** Short, since the run after each kill waits until the lease of the dead one has lapsed. */
const leaseMs = 400;
const publishesPerLook = 25;

/** Random changes of a shard, each published as a generation. */
class Publisher {
  readonly rig: MirrorRig;
  readonly random: Random;
  /** The current content of each receipt, by image. */
  readonly content = new Map<number, Delta>();
  readonly everKnown: Delta[] = [];

  constructor(rig: MirrorRig, random: Random) {
    this.rig = rig;
    this.random = random;
  }

  async publish(): Promise<void> {
    const before = await this.rig.shard.head();
    while ((await this.rig.shard.head()) === before) {
      for (let changes = 1 + this.random.below(3); changes > 0; changes -= 1) await this.#change();
      // Now and then everything that a mirror behind needs is collected as garbage.
      await this.rig.publish({ kept: this.random.below(8) === 0 ? 1 : 100 });
    }
    if (this.random.below(12) === 0) await this.rig.fold(this.random.below(2) === 0 ? 1 : 100);
  }

  async #change(): Promise<void> {
    const image = 1 + this.random.below(receipts);
    const known = this.content.get(image);
    const kind = known === undefined ? 0 : this.random.below(6);
    if (kind === 3) await this.rig.rename(image, `merchant ${this.random.below(1_000)}`);
    else if (kind === 4) await this.rig.removeLine(image, 1 + this.random.below(known?.ids.length ?? 1));
    else if (kind === 5) {
      await this.rig.removeReceipt(image);
      this.content.delete(image);
    } else {
      const delta = await this.rig.embed(image, 1 + this.random.below(6));
      this.content.set(image, delta);
      this.everKnown.push(delta);
    }
  }

  /** One delta per receipt that ever was, by which its vectors are read. */
  get named(): Delta[] {
    return [...new Map(this.everKnown.map((delta) => [delta.imageId, delta])).values()];
  }
}

interface Killed {
  /** Runs that died, by the request at which they did. */
  readonly at: Map<string, number>;
  runs: number;
}

const requests = ["PutVectors", "DeleteVectors", "ListVectors", "GetIndex", "Update", "Get"];
const moments = requests.flatMap((request) => [`before ${request}Command`, `after ${request}Command`]);

/** Every other time one of those at which the fewest runs have died, so that few runs see many. */
function nextMoment(random: Random, { at, runs }: Killed): string {
  if (runs % 2 === 0) return random.one(moments);
  const kills = (moment: string) => at.get(moment) ?? 0;
  const fewest = Math.min(...moments.map(kills));
  return random.one(moments.filter((moment) => kills(moment) === fewest));
}

/** Runs the mirror in a process that dies before or after one of its requests, if it makes it. */
async function mirrorAndDie(rig: MirrorRig, random: Random, killed: Killed): Promise<void> {
  const where = nextMoment(random, killed);
  // Of the writes to the table, most are those of the lease.
  let left = random.below(where.includes("Update") ? 5 : 2);
  let isKilled = false;
  const onRequest: OnRequest = (moment, command) => {
    if (`${moment} ${command}` !== where) return;
    isKilled = left === 0;
    left -= 1;
    if (!isKilled) return;
    killed.at.set(where, (killed.at.get(where) ?? 0) + 1);
    throw new Error(`killed ${where}`);
  };
  killed.runs += 1;
  await mirrorShard(await rig.deps({ leaseMs }, onRequest)).catch((error: Error) => {
    // On a busy machine a heartbeat may be late.
    if (!isKilled && !(error instanceof LeaseLostError)) throw error;
  });
}

function lateHeartbeat(error: unknown): undefined {
  if (!(error instanceof LeaseLostError)) throw error;
}

async function publishAndKill(publishes: number): Promise<Killed> {
  const rig = await MirrorRig.start();
  const random = new Random(`${publishes} publishes`);
  const killed: Killed = { at: new Map(), runs: 0 };
  try {
    const publisher = new Publisher(rig, random);
    for (let publish = 1; publish <= publishes; publish += 1) {
      await publisher.publish();
      if (random.below(4) > 0) await mirrorAndDie(rig, random, killed);
      if (publish % publishesPerLook > 0 && publish < publishes) continue;
      while ((await rig.mirror("ifNeeded", { leaseMs }).catch(lateHeartbeat))?.state !== "current");
      await rig.expectEqual(publisher.named);
      expect(await rig.mirror("report", { leaseMs: 5_000 })).toMatchObject({
        comparison: { missing: 0, extra: 0, stale: 0 },
      });
    }
    return killed;
  } finally {
    await rig.stop();
  }
}

test("F68: the mirror equals what is published after random publishes, killed at any request", async () => {
  const { at } = await publishAndKill(30);
  expect(at.size).toBeGreaterThan(5);
});

nightly(
  "F68: the mirror equals what is published after 1,000 random publishes, killed at every request",
  async () => {
    const { at, runs } = await publishAndKill(1_000);
    expect([...at.keys()].sort()).toEqual(moments.toSorted());
    process.stdout.write(`${runs} runs, killed: ${JSON.stringify(Object.fromEntries([...at].sort()))}\n`);
  },
);
