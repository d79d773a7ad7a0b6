/** The outcome of the merged items, and why the others were not merged. */
export interface Isolated<Item, Outcome> {
  readonly outcome: Outcome;
  readonly poisonMessages: ReadonlyMap<Item, unknown>;
}

export interface Attempts<Item, Outcome> {
  /** Starts from the same ground every time. The last one that succeeds is the one that counts. */
  readonly attempt: (items: readonly Item[]) => Promise<Outcome>;
  /** Whether a failure has nothing to do with the items. */
  readonly isSharedError: (failure: unknown) => boolean;
  /** Whether there is time for another attempt. */
  readonly mayGoOn: () => boolean;
  /** Whether an item that is the only one may be blamed, where an attempt without it succeeds. @default never */
  readonly canBisect?: (item: Item) => boolean;
}

/** After this many consecutive items that fail alone, without a success between them, the items are not the cause. */
const maxUnproven = 3;

/**
 * Attempts all items at once. Where that fails, finds the items that make it fail, each in a logarithmic number of
 * attempts, and leaves them out. An item is blamed only where its failure is repeated and others succeed without it:
 * what passes, or fails with every item, may be the fault of a server, a disk or a network. It is thrown where it is
 * repeated too often. An item without others is blamed only where `canBisect` says so.
 */
export async function isolate<Item, Outcome>(
  items: readonly Item[],
  attempts: Attempts<Item, Outcome>,
  unproven = 0,
): Promise<Isolated<Item, Outcome>> {
  const { attempt, isSharedError, mayGoOn } = attempts;
  try {
    return { outcome: await attempt(items), poisonMessages: new Map() };
  } catch (failure) {
    if (isSharedError(failure) || !mayGoOn()) throw failure;
    const [only] = items;
    if (items.length === 1 && only !== undefined) return await bisectToOne(only, failure, attempts);
    if (items.length === 0) throw failure;
    const { position, reason } = await firstPoison(items, failure, attempts);
    if (position === 0 && unproven === maxUnproven) throw failure;
    if (!(await failsAgain(items.slice(0, position + 1), failure, attempts))) {
      if (unproven === maxUnproven) throw failure;
      return await isolate(items, attempts, unproven + 1);
    }
    const poison = items[position] as Item;
    // From the other end: poison messages are often adjacent, and the search needs a success.
    const others = items.toSpliced(position, 1).reverse();
    const { outcome, poisonMessages } = await isolate(others, attempts, position === 0 ? unproven + 1 : 0);
    return { outcome, poisonMessages: new Map([...poisonMessages, [poison, reason]]) };
  }
}

/**
 * There are no others that could succeed without it: that nothing at all succeeds is the proof. A transient fault can
 * pass between the two, so this is for items that have failed in cycles before.
 */
async function bisectToOne<Item, Outcome>(
  item: Item,
  failure: unknown,
  attempts: Attempts<Item, Outcome>,
): Promise<Isolated<Item, Outcome>> {
  const { attempt, mayGoOn, canBisect = () => false } = attempts;
  if (!canBisect(item) || !(await failsAgain([item], failure, attempts)) || !mayGoOn()) throw failure;
  return { outcome: await attempt([]), poisonMessages: new Map([[item, failure]]) };
}

/** What failed once, with a server that had crashed, succeeds with the next one. */
async function failsAgain<Item, Outcome>(
  items: readonly Item[],
  failure: unknown,
  { attempt, isSharedError, mayGoOn }: Attempts<Item, Outcome>,
): Promise<boolean> {
  if (!mayGoOn()) throw failure;
  try {
    await attempt(items);
    return false;
  } catch (error) {
    if (isSharedError(error)) throw error;
    return true;
  }
}

/** The first item with which the items before it fail, and how. The items are known to fail together. */
async function firstPoison<Item, Outcome>(
  items: readonly Item[],
  failure: unknown,
  { attempt, isSharedError, mayGoOn }: Attempts<Item, Outcome>,
): Promise<{ position: number; reason: unknown }> {
  let [succeeds, fails, reason] = [0, items.length, failure];
  while (fails - succeeds > 1) {
    if (!mayGoOn()) throw failure;
    const middle = (succeeds + fails) >> 1;
    try {
      await attempt(items.slice(0, middle));
      succeeds = middle;
    } catch (error) {
      if (isSharedError(error)) throw error;
      [fails, reason] = [middle, error];
    }
  }
  return { position: fails - 1, reason };
}
