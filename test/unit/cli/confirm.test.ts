import { PassThrough } from "node:stream";
import { confirm, NotConfirmedError } from "../../../cli/confirm.ts";

/** A terminal at which somebody types this, and then leaves. */
function terminal(typed: string) {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  input.end(typed);
  return { input, output: new PassThrough() };
}

test("an operator who types yes agrees, after reading what it is about", async () => {
  const at = terminal(" Yes\n");
  await confirm("This deletes 3 messages.", at);
  expect(String(at.output.read())).toContain("This deletes 3 messages. Type yes to continue: ");
});

test.each(["", "\n", "y\n", "no\n", "yes please\n"])("%j is not yes", async (typed) => {
  await expect(confirm("This deletes 3 messages.", terminal(typed))).rejects.toThrow(NotConfirmedError);
});

test("without a terminal nothing is asked and nothing is done", async () => {
  const nobody = { input: new PassThrough(), output: new PassThrough() };
  await expect(confirm("This deletes 3 messages.", nobody)).rejects.toThrow(
    /^This deletes 3 messages\. There is no terminal to ask on\. Nothing was done\. .* --yes/,
  );
});
