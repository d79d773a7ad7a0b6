import { resolve } from "node:path";
import { readOptions, StartUsageWrong } from "../../../local/start/options.ts";

test("without arguments: the samples, the usual port, and it stays up", () => {
  expect(readOptions([])).toEqual({
    receipts: resolve("samples/receipts"),
    port: 4566,
    once: false,
    help: false,
  });
});

test("every option is taken", () => {
  expect(readOptions(["--once", "--port", "0", "--receipts", "/data"])).toMatchObject({
    receipts: "/data",
    port: 0,
    once: true,
  });
});

test.each([["--port", "-1"], ["--port", "70000"], ["--port", "http"], ["--porte"], ["receipts"]])(
  "%s %s is refused with a way to help",
  (...argv) => {
    expect(() => readOptions(argv.filter((part) => part !== undefined))).toThrow(StartUsageWrong);
    expect(() => readOptions(argv)).toThrow(/npm start -- --help/);
  },
);
