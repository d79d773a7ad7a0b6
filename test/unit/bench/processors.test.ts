import { processorsOf } from "../../../bench/processors.ts";

test.each([
  ["0", [0]],
  ["0-1", [0, 1]],
  ["0-2,5,8-9", [0, 1, 2, 5, 8, 9]],
])("a process that is allowed %s has those processors", (list, expected) => {
  expect(processorsOf(`Name:\tnode\nCpus_allowed:\t3\nCpus_allowed_list:\t${list}\nThreads:\t7\n`)).toEqual(
    expected,
  );
});
