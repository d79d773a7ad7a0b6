import { expectClean } from "./clean.ts";
import { SmallDisk } from "./disks.ts";
import { freshStack } from "./fresh-stack.ts";
import { type History, historyOf } from "./history.ts";
import { poll } from "./mapping.ts";
import { recover } from "./recovery.ts";
import { begunForFold } from "./scenario.ts";
import { all, chosen, faultTest } from "./seeds.ts";

const freshly = freshStack();
const disk = SmallDisk.mount();
afterAll(() => disk?.unmount());

const times = Array.from({ length: all ? 3 : 1 }, (_, number) => number + 1);
const headsOf = ({ shards: { lines, words } }: History) => [lines.head, words.head];
/** A database of a few vectors is some 200 KiB. */
const tooLittle = 160 * 1024;

describe("F2 F13 F19: a disk that is full publishes nothing, and what it stopped is done once there is room", () => {
  for (const name of disk ? chosen(["collections", "scratch"] as const, 1) : []) {
    for (const time of times) {
      faultTest(`the one of ${name}, a tmpfs of 16 MiB, for the ${time}. time`, async (random) => {
        if (disk === undefined) return;
        const { stack, application } = await begunForFold(freshly, { disks: { [name]: disk.path } });
        const before = headsOf(await historyOf(stack));
        const process = await stack.process();
        await disk.fill(random.below(tooLittle));
        await expect(poll(stack, "fold", process)).rejects.toThrow();
        expect(headsOf(await historyOf(stack))).toEqual(before);
        await disk.makeRoom();
        await recover(stack, process);
        await expectClean(stack, application);
      });
    }
  }
  for (const time of disk ? [] : times) {
    faultTest(`no file may be larger than ulimit -f says, for the ${time}. time`, async (random) => {
      const { stack, application } = await begunForFold(freshly);
      const before = headsOf(await historyOf(stack));
      const process = await stack.process({ maxFileBytes: 8 + random.below(200) });
      await expect(poll(stack, "fold", process)).rejects.toThrow();
      expect(headsOf(await historyOf(stack))).toEqual(before);
      await recover(stack);
      await expectClean(stack, application);
    });
  }
});
