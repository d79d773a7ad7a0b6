import { judge } from "../../../core/embedding/judge.ts";

test("an error that is not the provider's passes through", () => {
  const bug = new TypeError("not a function");
  expect(() => judge(bug)).toThrow(bug);
});
