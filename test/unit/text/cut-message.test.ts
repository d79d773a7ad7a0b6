import fc from "fast-check";
import { cutMessage, maxMessageBytes } from "../../../core/text/cut-message.ts";

test("F32: no message is longer than 2 KB, and none is cut inside a character", () => {
  const any = fc.string({ unit: "grapheme", maxLength: 200 });
  fc.assert(
    fc.property(any, fc.integer({ min: 1, max: 2_000 }), (part, times) => {
      const message = part.repeat(times);
      const cut = cutMessage(message, "s3://work/errors/task-1.txt");
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxMessageBytes);
      if (Buffer.byteLength(message) <= maxMessageBytes) expect(cut).toBe(message);
      else {
        expect(message.startsWith(cut.replace(/ \.\.\. \(cut from .*$/su, ""))).toBe(true);
        expect(cut.isWellFormed()).toBe(message.isWellFormed());
      }
    }),
    { numRuns: 300 },
  );
});

test("F32: a cut message says how long it was and where all of it is", () => {
  expect(cutMessage("x".repeat(650_000), "errors/task-1.txt")).toMatch(
    /^x+ \.\.\. \(cut from 650000 bytes; all of it: errors\/task-1\.txt\)$/,
  );
});
