import type { StoredVector } from "../../../../core/collections/chroma/vector-store.ts";
import { silentLog } from "../../../../core/log.ts";
import type { Clock } from "../../../../core/resilience/clock.ts";
import { FollowedCollection } from "../../../../core/search/followed-collection.ts";
import type { GenerationSource, OpenGeneration } from "../../../../core/search/generation-source.ts";
import { GenerationOfAnotherModelError, ShardTooLargeError } from "../../../../core/search/search-errors.ts";
import { ShardSearch } from "../../../../core/search/shards/shard-search.ts";
import { Snapshot } from "../../../../core/search/snapshot/snapshot.ts";
import { ManualClock } from "../../resilience/clocks.ts";

const generations = [1, 2, 3].map((number) => ({ number, name: `0000000${number}-a` }));
const [first, second, third] = generations as [Published, Published, Published];
const request = { search: { vector: [1, 0], collection: "lines" } };
const stored: StoredVector = {
  id: "IMAGE#image#RECEIPT#00001#LINE#00001",
  document: "TOTAL 4.10",
  metadata: { image_id: "image", receipt_id: 1, line_id: 1, row: 0, column: 0 },
  vector: Float32Array.from([1, 0]),
};

type Published = { readonly number: number; readonly name: string };

let snapshot: Snapshot;

beforeAll(async () => {
  snapshot = await Snapshot.of([stored], 2);
});

function opened(published: Published): OpenGeneration {
  return {
    ...published,
    count: 1,
    snapshot,
    query: async () => [],
    alive: () => true,
    close: async () => {},
  };
}

function searching(source: Partial<GenerationSource>, clock: Clock = new ManualClock()): ShardSearch {
  const whole = {
    head: async () => first,
    open: async (published: Published) => opened(published),
    ...source,
  };
  const followed = new FollowedCollection("lines", whole, silentLog, clock);
  return new ShardSearch(followed, { dimensions: 2, minCosine: 0, clock });
}

const answeredBy = (number: number) => ({ answer: { generations: { lines: number } } });

test("a base that takes long to open does not keep a request from what is served", async () => {
  let opening = 0;
  const shard = searching({
    head: async () => (opening === 0 ? first : second),
    open: (published) => {
      opening += 1;
      return opening > 1 ? new Promise(() => undefined) : Promise.resolve(opened(published));
    },
  });
  for (const _ of [1, 2]) expect(await shard.answer(request)).toMatchObject(answeredBy(1));
  expect(opening).toBe(2);
});

test("a request looks at the head itself: one that is being looked at may have been read before it", async () => {
  const looks = [Promise.resolve(first), Promise.withResolvers<Published>()] as const;
  const heads = [looks[0], looks[1].promise, Promise.resolve(third)];
  // No sleep ends: an answer is never one for want of time.
  const shard = searching(
    { head: () => heads.shift() ?? Promise.resolve(third) },
    { now: () => 0, sleep: () => new Promise(() => undefined) },
  );
  await shard.answer(request);
  const early = shard.answer(request);
  const late = [shard.answer(request), shard.answer(request)];
  looks[1].resolve(second);
  expect(await early).toMatchObject(answeredBy(2));
  for (const answer of await Promise.all(late)) expect(answer).toMatchObject(answeredBy(3));
  expect(heads).toEqual([]);
});

test.each([
  ["shard_too_large", new ShardTooLargeError(second.name, 9, 8)],
  [
    "generation_of_another_model",
    new GenerationOfAnotherModelError(
      second.name,
      { model: "small", dimensions: 2 },
      { model: "large", dimensions: 2 },
    ),
  ],
])("%s: a warm process does not answer from an older generation for ever", async (code, refusal) => {
  let head = first;
  const shard = searching({
    head: async () => head,
    open: async (published) => {
      if (published === second) throw refusal;
      return opened(published);
    },
  });
  expect(await shard.answer(request)).toMatchObject(answeredBy(1));
  head = second;
  for (const _ of [1, 2]) {
    expect(await shard.answer(request)).toMatchObject({ refused: { status: 503, code } });
  }
  head = first;
  expect(await shard.answer(request)).toMatchObject(answeredBy(1));
  head = third;
  expect(await shard.answer(request)).toMatchObject(answeredBy(3));
});

test("the generation before a corrupt one answers until a sound one is published", async () => {
  let head = first;
  const shard = searching({
    head: async () => head,
    open: async (published) => {
      if (published === second) throw new RangeError("a file is not what its manifest says");
      return opened(published);
    },
  });
  await shard.answer(request);
  head = second;
  expect(await shard.answer(request)).toMatchObject(answeredBy(1));
});
