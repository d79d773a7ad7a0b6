import fc from "fast-check";
import { type AccessRequest, evaluate } from "../../local/iam/evaluate.ts";
import { globMatches } from "../../local/iam/glob.ts";
import { Iam } from "../../local/iam/iam.ts";
import { PolicyNotUnderstoodError, readPolicy } from "../../local/iam/policy.ts";

const policy = (...Statement: object[]) => readPolicy({ Version: "2012-10-17", Statement });
const allow = (Action: string | string[], Resource: string | string[], more = {}) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...more,
});
const deny = (Action: string, Resource: string, more = {}) => ({
  ...allow(Action, Resource, more),
  Effect: "Deny",
});
const send = {
  action: "sqs:SendMessage",
  resource: "arn:aws:sqs:us-east-1:000000000000:lines.fifo",
  context: {},
};

describe("a decision", () => {
  test("is refusal where no statement matches", () => {
    expect(evaluate([], send)).toBe("not allowed");
    expect(evaluate(policy(allow("sqs:ReceiveMessage", "*")), send)).toBe("not allowed");
    expect(
      evaluate(policy(allow("sqs:SendMessage", "arn:aws:sqs:us-east-1:000000000000:words.fifo")), send),
    ).toBe("not allowed");
  });

  test.each([
    ["the action itself", "sqs:SendMessage"],
    ["another case", "SQS:sendmessage"],
    ["a wildcard", "sqs:Send*"],
    ["a single-character wildcard", "sqs:SendMessag?"],
    ["everything", "*"],
  ])("is permission where a statement names %s", (_, action) => {
    expect(evaluate(policy(allow(action, "*")), send)).toBe("allowed");
  });

  test("follows the case of resources, unlike that of actions", () => {
    expect(evaluate(policy(allow("*", send.resource.toUpperCase())), send)).toBe("not allowed");
  });

  test("is refusal where any statement denies, whatever allows and in whatever order", () => {
    const statements = [
      allow("*", "*"),
      deny("sqs:Send*", "*.fifo"),
      allow("sqs:SendMessage", send.resource),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(statements, { minLength: 3 }), (shuffled) => {
        expect(evaluate(policy(...shuffled), send)).toBe("explicitly denied");
      }),
    );
  });

  test("covers with NotAction and NotResource all but what they name", () => {
    const others = { Effect: "Allow", NotAction: "sqs:Delete*", NotResource: "arn:aws:s3:::*" };
    expect(evaluate(policy(others), send)).toBe("allowed");
    expect(evaluate(policy(others), { ...send, action: "sqs:DeleteQueue" })).toBe("not allowed");
    expect(evaluate(policy(others), { ...send, resource: "arn:aws:s3:::b" })).toBe("not allowed");
  });

  test("never grows when a Deny is added, and never shrinks when an Allow is", () => {
    const part = fc.constantFrom("sqs:SendMessage", "sqs:*", "s3:GetObject", "*");
    const resource = fc.constantFrom("*", send.resource, "arn:aws:s3:::bucket/*");
    const statement = fc.record({
      Effect: fc.constantFrom("Allow", "Deny"),
      Action: part,
      Resource: resource,
    });
    const rank = { "explicitly denied": 0, "not allowed": 1, allowed: 2 };
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 5 }), statement, (before, added) => {
        const [was, is] = [policy(...before), policy(...before, added)].map(
          (each) => rank[evaluate(each, send)],
        );
        if (added.Effect === "Deny") expect(is).toBeLessThanOrEqual(was ?? 0);
        else expect(is).toBeGreaterThanOrEqual(was ?? 0);
      }),
    );
  });
});

describe("a wildcard", () => {
  test("matches exactly what the same pattern matches as a regular expression", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", ":", "/"), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", ":", "/", "*", "?"), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (wanted, actual) => {
        const expression = new RegExp(`^${wanted.replaceAll("*", ".*").replaceAll("?", ".")}$`);
        expect(globMatches(wanted, actual)).toBe(expression.test(actual));
      }),
      { numRuns: 2_000 },
    );
  });

  test("does not make a long pattern slow", () => {
    expect(globMatches(`${"*a".repeat(40)}b`, "a".repeat(2_000))).toBe(false);
  });
});

describe("a condition", () => {
  const decide = (Condition: object, context: AccessRequest["context"]) =>
    evaluate(policy(allow("*", "*", { Condition })), { ...send, context });

  test.each([
    ["StringEquals", "a", "a", "b"],
    ["StringLike", "a*", "abc", "b"],
    ["StringEqualsIgnoreCase", "A", "a", "b"],
    ["ArnLike", "arn:aws:s3:::*", "arn:aws:s3:::b", "arn:aws:sqs:::b"],
    ["ArnEquals", "arn:aws:s3:::b*", "arn:aws:s3:::bucket", "arn:aws:s3:::a"],
    ["Bool", "true", "true", "false"],
    ["StringNotEquals", "b", "a", "b"],
    ["StringNotLike", "b*", "a", "bc"],
    ["ArnNotLike", "arn:aws:sqs:::*", "arn:aws:s3:::b", "arn:aws:sqs:::b"],
  ])("of %s holds for a matching value and for no other", (operator, wanted, matching, other) => {
    expect(decide({ [operator]: { key: wanted } }, { key: matching })).toBe("allowed");
    expect(decide({ [operator]: { key: wanted } }, { key: other })).toBe("not allowed");
  });

  test("needs all its keys, and of each one of its values", () => {
    const Condition = { StringEquals: { one: ["a", "b"], two: "c" } };
    expect(decide(Condition, { one: "b", two: "c" })).toBe("allowed");
    expect(decide(Condition, { one: "b", two: "d" })).toBe("not allowed");
  });

  test("on a key that the call does not carry fails, unless it is negated or says IfExists", () => {
    const absent = { key: undefined };
    expect(decide({ StringEquals: { key: "a" } }, absent)).toBe("not allowed");
    expect(decide({ StringNotEquals: { key: "a" } }, absent)).toBe("allowed");
    expect(decide({ StringEqualsIfExists: { key: "a" } }, absent)).toBe("allowed");
  });

  test("on several values asks each of them, or for one of them, by its prefix", () => {
    const all = { "ForAllValues:StringLike": { key: ["OPEN#*", "LIMITER#*"] } };
    expect(decide(all, { key: ["OPEN#1", "LIMITER#a"] })).toBe("allowed");
    expect(decide(all, { key: ["OPEN#1", "COLLECTION#lines"] })).toBe("not allowed");
    expect(decide(all, { key: [] })).toBe("allowed");
    expect(decide(all, { key: undefined })).toBe("allowed");
    const any = { "ForAnyValue:StringLike": { key: "COLLECTION#*" } };
    expect(decide(any, { key: ["OPEN#1", "COLLECTION#lines"] })).toBe("allowed");
    expect(decide(any, { key: ["OPEN#1"] })).toBe("not allowed");
    expect(decide(any, { key: undefined })).toBe("not allowed");
  });

  test("with an unknown operator or key is an error that names it, not silently true or false", () => {
    expect(() =>
      policy(allow("*", "*", { Condition: { DateLessThan: { "aws:CurrentTime": "x" } } })),
    ).toThrow(/DateLessThan/);
    expect(() => decide({ StringEquals: { "aws:username": "x" } }, {})).toThrow(/aws:username/);
  });
});

describe("a policy", () => {
  test("that cannot be judged faithfully is refused with every problem in the message", () => {
    expect(() => readPolicy("{")).toThrow(PolicyNotUnderstoodError);
    expect(() => readPolicy({ Version: "2008-10-17", Statement: [] })).toThrow(/2012-10-17/);
    expect(() => policy({ ...allow("*", "*"), Principal: "*" })).toThrow(/Principal/);
    expect(() => policy({ Effect: "Allow", Resource: "*" })).toThrow(/Action or NotAction/);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is IAM's own syntax
    expect(() => evaluate(policy(allow("*", "arn:aws:s3:::${aws:username}/*")), send)).toThrow(
      /policy variable/,
    );
  });
});

describe("the principals", () => {
  const role = { name: "embed", accessKeyId: "key-1", policies: [{ Version: "2012-10-17", Statement: [] }] };

  test("are found by access key; the administrator may do everything, an unknown key is refused", () => {
    const iam = new Iam();
    iam.registerRole(role);
    expect(iam.caller("key-1")?.arn).toBe("arn:aws:sts::000000000000:assumed-role/embed/local");
    expect(iam.caller("key-1")?.allows(send)).toBe(false);
    expect(iam.caller("local")?.allows(send)).toBe(true);
    expect(iam.caller("stranger")).toBeUndefined();
  });

  test("take new policies, given as JSON text too, and a new key replaces the old one", () => {
    const iam = new Iam();
    iam.registerRole(role);
    const policies = [JSON.stringify({ Version: "2012-10-17", Statement: allow("sqs:*", "*") })];
    iam.registerRole({ ...role, accessKeyId: "key-2", policies });
    expect(iam.caller("key-1")).toBeUndefined();
    expect(iam.caller("key-2")?.allows(send)).toBe(true);
    expect(iam.credentials("embed")).toEqual({ accessKeyId: "key-2", secretAccessKey: "key-2" });
    expect(iam.credentials("nobody")).toBeUndefined();
  });

  test("reach the local stack over secure transport as policies see it, in the local region", () => {
    const iam = new Iam();
    const Condition = {
      Bool: { "aws:SecureTransport": true },
      StringEquals: { "aws:RequestedRegion": "us-east-1" },
    };
    iam.registerRole({
      ...role,
      policies: [{ Version: "2012-10-17", Statement: [allow("*", "*", { Condition })] }],
    });
    expect(iam.caller("key-1")?.refusal(send)).toBeUndefined();
  });
});
