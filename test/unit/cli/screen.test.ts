import { Writable } from "node:stream";
import { Screen, type Terminal } from "../../../cli/screen.ts";

function recording(isTTY: boolean) {
  let written = "";
  const out: Terminal = Object.assign(
    new Writable({
      write(chunk, _, done) {
        written += chunk;
        done();
      },
    }),
    { isTTY, columns: 20 },
  );
  return { screen: new Screen(out), written: () => written };
}

test("on a terminal the status block is rewritten in place and gives way to lines that stay", () => {
  const { screen, written } = recording(true);
  screen.status(["a", "b"], "plain");
  screen.status(["c", "d"], "plain");
  screen.print("done");
  screen.print("more");
  expect(written()).toBe("a\nb\n\u001b[2A\u001b[0Jc\nd\n\u001b[2A\u001b[0Jdone\nmore\n");
});

test("a line of the status block never wraps, or taking it back would leave some of it", () => {
  const { screen, written } = recording(true);
  screen.status(["x".repeat(50)], "plain");
  expect(written()).toBe(`${"x".repeat(20)}\n`);
});

test("elsewhere there are no escapes, no colours and one line in a few seconds", () => {
  const { screen, written } = recording(false);
  screen.print(screen.paint("red", "lost"));
  screen.status(["block"], "one");
  screen.status(["block"], "two");
  expect(written()).toBe("lost\none\n");
});
