import { deployStack } from "./support/stacks.ts";

let loaded = false;

jest.mock("@pulumi/awsx", () => {
  loaded = true;
  return jest.requireActual("@pulumi/awsx");
});

test("@pulumi/awsx, which needs Docker, is loaded only where the query service is on", async () => {
  await deployStack("dev");
  expect(loaded).toBe(false);
  await deployStack("prod");
  expect(loaded).toBe(true);
});
