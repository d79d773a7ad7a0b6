import { type Mirrored, mirrorLines, verdictOfMirrors } from "../../../cli/verify/mirrors.ts";

const equal = { generation: "00000007-9", vectors: 12, missing: 0, extra: 0, stale: 0, examples: [] };
const lines: Mirrored = { shard: "lines", comparison: equal };
const words: Mirrored = {
  shard: "words",
  comparison: { ...equal, missing: 1, stale: 2, examples: ["missing IMAGE#a", "stale IMAGE#b"] },
};
const failed: Mirrored = { shard: "words", problem: "another run mirrors the shard; try again" };

test("mirrors without a difference are clean, one difference is certain, and what could not be compared is untold", () => {
  expect(verdictOfMirrors([lines])).toBe("clean");
  expect(verdictOfMirrors([lines, words])).toBe("differs");
  expect(verdictOfMirrors([lines, failed])).toBe("untold");
  expect(verdictOfMirrors([words, failed])).toBe("differs");
  expect(verdictOfMirrors([])).toBe("clean");
});

test("each mirror has a row, and what differs is named with the remedy", () => {
  const text = mirrorLines([lines, words]).join("\n");
  expect(text).toMatch(/lines +00000007-9 +12 +0 +0 +0/);
  expect(text).toMatch(/words +00000007-9 +12 +1 +0 +2/);
  expect(text).toContain("words missing IMAGE#a");
  expect(text).toContain("3 vectors of the mirror differ");
  expect(text).toContain("npm run verify -- --mirror --repair");
});

test("a mirror that could not be compared is named with the reason", () => {
  const text = mirrorLines([lines, failed]).join("\n");
  expect(text).toContain("words another run mirrors the shard; try again");
  expect(text).toContain("docs/runbooks/mirror.md");
});
