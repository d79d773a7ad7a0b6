/** The outcome of the merged items, and the reason for each item that was not merged. */
export interface Isolated<Item, Outcome> {
  readonly outcome: Outcome;
  readonly poisonMessages: ReadonlyMap<Item, unknown>;
}

export interface Attempts<Item, Outcome> {
  /** Must start from the same state on every call. The last successful attempt is the result. */
  readonly attempt: (items: readonly Item[]) => Promise<Outcome>;
  /** Whether a failure is independent of the items. */
  readonly isSharedError: (failure: unknown) => boolean;
  /** Whether there is time for another attempt. */
  readonly mayGoOn: () => boolean;
  /** Whether a single remaining item may be blamed if an attempt without it succeeds. @default never */
  readonly canBisect?: (item: Item) => boolean;
}

/** After this many items in a row that fail alone, without a success in between, the items are not the cause. */
const maxUnproven = 3;

/**
 * Attempts all items at once. If that fails, finds each poison item by bisection, in a logarithmic number of attempts,
 * and leaves it out. An item is blamed only if its failure repeats and other items succeed without it: a failure that
 * disappears, or that every item causes, may come from a server, a disk or a network, and is thrown once it has
 * repeated too often. A single item is blamed only if `canBisect` allows it.
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
    // In reverse order: poison messages are often adjacent, and the search needs a success.
    const others = items.toSpliced(position, 1).reverse();
    const { outcome, poisonMessages } = await isolate(others, attempts, position === 0 ? unproven + 1 : 0);
    return { outcome, poisonMessages: new Map([...poisonMessages, [poison, reason]]) };
  }
}

/**
 * With no other items, the proof is that an attempt with no items succeeds. A transient fault can end between the two
 * attempts, so this applies only to items that failed in earlier cycles.
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

/** An attempt that failed because the server crashed succeeds on a new server. */
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

/** The first item that makes the items up to it fail, and the reason. The items are known to fail together. */
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
