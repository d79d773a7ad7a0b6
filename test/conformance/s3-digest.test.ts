import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { digestOf } from "../../local/protocol/digest.ts";

const large = Buffer.alloc(2_000_003, "a large body");
const sliceBytes = 128 * 1024;

test.each([large, Buffer.from("a small one"), Buffer.alloc(0)])(
  "digests are those of the whole body",
  async (body) => {
    for (const algorithm of ["MD5", "SHA1", "SHA256"] as const) {
      expect(await digestOf(body, algorithm)).toEqual(createHash(algorithm).update(body).digest());
    }
    expect((await digestOf(body, "CRC32")).readUInt32BE()).toBe(crc32(body));
  },
);

test("others have a turn after each slice of large bodies, of which one is taken at a time", async () => {
  let turns = 0;
  let ended = false;
  const others = (async () => {
    for (; !ended; turns += 1) await nextTurn();
  })();
  const digests = await Promise.all([digestOf(large, "MD5"), digestOf(large, "MD5")]);
  ended = true;
  await others;
  expect(digests[0]).toEqual(digests[1]);
  expect(turns).toBeGreaterThanOrEqual(2 * Math.floor(large.length / sliceBytes));
});
