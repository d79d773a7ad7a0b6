import {
  pointerTo,
  type SnapshotManifest,
  sequenceOf,
  snapshotManifest,
  snapshotName,
  snapshotPointer,
} from "../../../core/snapshots/snapshot-manifest.ts";

const manifestOf = (snapshot: string): SnapshotManifest =>
  snapshotManifest.parse({
    format: "vectorkeep-snapshot/1",
    snapshot,
    collection: "lines",
    created_at: "2026-12-01T10:00:00.000Z",
    vectors: 2,
    embedding: { model: "m", dimensions: 8, distance: "cosine" },
    chroma: "1.3.1",
    generations: { "lines-1of2": "00000003-4", "lines-2of2": null },
    archive: { file: "chroma.tar.zst", folder: "lines", bytes: 10, sha256: "00" },
    files: [{ path: "chroma.sqlite3", size: 10, sha256: "00" }],
  });

test("a pointer names its snapshot by paths beside it, and keeps as many as it is to, newest first", () => {
  let before = pointerTo({ manifest: manifestOf(snapshotName(1, "0000000a")), before: undefined, kept: 2 });
  expect(snapshotPointer.parse(before)).toEqual({
    format: "vectorkeep-latest/1",
    sequence: 1,
    snapshot: "00000001-0000000a",
    manifest: "00000001-0000000a/manifest.json",
    archive: "00000001-0000000a/chroma.tar.zst",
    created_at: "2026-12-01T10:00:00.000Z",
    generations: { "lines-1of2": "00000003-4", "lines-2of2": null },
    kept: ["00000001-0000000a"],
  });
  for (const sequence of [2, 3]) {
    const manifest = manifestOf(snapshotName(sequence, "0000000b"));
    before = pointerTo({ manifest, before, kept: 2 });
  }
  expect(before).toMatchObject({ sequence: 3, kept: ["00000003-0000000b", "00000002-0000000b"] });
});

test("only the name of a snapshot has a sequence: nothing else in the bucket is ever taken for one", () => {
  expect(sequenceOf("00000012-0000000a")).toBe(12);
  for (const other of ["latest.json", "", "00000012", "00000012-0000000A", "x/00000012-0000000a"])
    expect(sequenceOf(other)).toBeUndefined();
});
