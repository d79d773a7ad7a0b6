import { progressOf } from "../../../local/start/image-run.ts";

const item = (object_key: string, analysis_id: string | null, embedded_analysis_id: string | null) => ({
  object_key,
  analysis_id,
  embedded_analysis_id,
});

test("images are counted by the step that they have passed, and those that are not embedded are named", () => {
  const keys = ["demo/a.jpg", "demo/b.jpg", "demo/c.jpg", "demo/d.jpg", "demo/e.jpg"];
  const items = [
    item("demo/a.jpg", null, null),
    item("demo/b.jpg", "1", null),
    item("demo/c.jpg", "2", "2"),
    item("demo/d.jpg", "new", "old"),
    item("demo/other.jpg", "3", "3"),
  ];
  expect(progressOf(keys, items)).toEqual({
    processed: 4,
    analyzed: 3,
    embedded: 1,
    missing: ["demo/a.jpg", "demo/b.jpg", "demo/d.jpg", "demo/e.jpg"],
  });
});
