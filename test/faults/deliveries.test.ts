import { collections } from "../../contract/collections.ts";
import { Application } from "./application.ts";
import { expectClean } from "./clean.ts";
import { Postman } from "./deliveries.ts";
import { freshStack } from "./fresh-stack.ts";
import { poll } from "./mapping.ts";
import { recover } from "./recovery.ts";
import { begun } from "./scenario.ts";
import { all, faultTest, type Random } from "./seeds.ts";

const freshly = freshStack();
const images = [1, 2, 3];
const contents = [
  [["MILK", "2.00"], ["TOTAL"]],
  [["MILK"], ["BREAD", "4.00"]],
  [["TEA", "1.00"], ["TOTAL"], ["CASH"]],
];

/** One thing that an application does. */
async function anything(application: Application, random: Random): Promise<void> {
  const image = random.one(images);
  switch (random.below(6)) {
    case 0:
    case 1:
      return application.export(image, random.one(contents));
    case 2:
      return application.setMerchant(image, random.one(["CAFE", "MARKET", undefined]));
    case 3:
      return application.setLabel(
        image,
        1,
        1,
        random.one(["PRODUCT", "TOTAL"]),
        random.one(["VALID", undefined]),
      );
    case 4:
      return application.remove(image, random.one([1, 2]), random.one([1, undefined]));
    default:
      return application.remove(image);
  }
}

describe("F2 F10 F11: messages that come twice, late and in another order", () => {
  for (const drawn of Array.from({ length: all ? 8 : 1 }, (_, number) => number + 1)) {
    faultTest(`end in the expected collection, drawn for the ${drawn}. time`, async (random) => {
      const stack = await freshly();
      const application = new Application(stack);
      const postmen = collections.map((collection) => new Postman(stack, collection, random));
      for (let round = 0; round < 5; round += 1) {
        for (let deed = 0; deed < 3; deed += 1) await anything(application, random);
        await application.announce();
        for (const postman of postmen) await postman.mixUp();
        const process = await stack.sound();
        for (const collection of collections) await poll(stack, collection, process);
      }
      for (const postman of postmen) await postman.deliverAll();
      await recover(stack);
      await expectClean(stack, application);
    });
  }
  faultTest("the stream's records all come a second time, before others", async () => {
    const { stack, application } = await begun(freshly);
    await application.setMerchant(2, "MARKET");
    await application.announce((records) => [...records, ...records]);
    await recover(stack);
    await expectClean(stack, application);
  });
});
