import { problemOfSubject } from "../../../tools/commits/subject.ts";

test.each([
  "feat(search): filter by conditions",
  "fix: read the reason from its own field",
  "feat(api)!: answer with 424",
  "refactor(core): name the deps as elsewhere",
])("%s is accepted", (subject) => {
  expect(problemOfSubject(subject)).toBeUndefined();
});

test.each([
  ["Fix the bug", /form type\(scope\)/],
  ["feat(core,cli): two scopes", /form type\(scope\)/],
  ["feature: another type", /form type\(scope\)/],
  ["feat: wip", /unfinished/],
  ["feat: Filter by conditions", /lower case/],
  ["feat: filter by conditions.", /full stop/],
  ["fixup! feat: filter by conditions", /squash/],
  [`feat: ${"x".repeat(67)}`, /73 characters/],
])("%s is refused with the reason", (subject, reason) => {
  expect(problemOfSubject(subject)).toMatch(reason);
});
