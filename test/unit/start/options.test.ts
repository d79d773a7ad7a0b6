import { resolve } from "node:path";
import { localConfiguration } from "../../../local/configuration.ts";
import { freePorts, portsAfter } from "../../../local/free-ports.ts";
import { readOptions, StartUsageWrongError } from "../../../local/start/options.ts";

test("without arguments: the samples, the usual port, and it stays up", () => {
  expect(readOptions([])).toEqual({
    receipts: resolve("samples/receipts"),
    images: resolve("samples/images"),
    port: 4566,
    keep: false,
    once: false,
    help: false,
  });
});

test("every option is taken", () => {
  expect(
    readOptions(["--once", "--keep", "--port", "0", "--receipts", "/data", "--images", "/photos"]),
  ).toMatchObject({
    receipts: "/data",
    images: "/photos",
    port: 0,
    keep: true,
    once: true,
  });
});

test("a stack takes ten ports in a row, and 4566 those of the configuration", async () => {
  const portOf = (value: string) => (/^\d+$/.test(value) ? Number(value) : Number(new URL(value).port));
  const ports = Object.values(portsAfter(5000)).map(portOf).sort();
  expect(ports).toEqual([5001, 5002, 5003, 5004, 5005, 5006, 5007, 5008, 5009]);
  expect(await localConfiguration()).toMatchObject(portsAfter(4566));
  expect(portsAfter(0)).toBe(freePorts);
});

test.each([
  ["--port", "-1"],
  ["--port", "70000"],
  ["--port", "65532"],
  ["--port", "http"],
  ["--porte"],
  ["receipts"],
])("%s %s is refused with a way to help", (...argv) => {
  expect(() => readOptions(argv.filter((part) => part !== undefined))).toThrow(StartUsageWrongError);
  expect(() => readOptions(argv)).toThrow(/npm start -- --help/);
});
