import { applyUpdate } from "../../../local/services/dynamodb/expressions/apply-update.ts";
import { Placeholders } from "../../../local/services/dynamodb/expressions/placeholders.ts";
import { project, readProjection } from "../../../local/services/dynamodb/expressions/projection.ts";
import { readUpdate } from "../../../local/services/dynamodb/expressions/read-update.ts";
import { readItem } from "../../../local/services/dynamodb/values/attribute-value.ts";

const letters = (...all: string[]) => ({ L: all.map((S) => ({ S })) });
const before = {
  l: letters("a", "b", "c", "d"),
  m: { M: { x: { N: "1" }, letters: letters("p", "q") } },
  n: { N: "10" },
  s: { S: "text" },
  ss: { SS: ["a", "b"] },
};

function update(text: string, values?: Record<string, unknown>, names?: Record<string, string>) {
  const placeholders = new Placeholders(names, values);
  const read = readUpdate(text, placeholders);
  placeholders.requireAllUsed();
  const item = readItem(before);
  const after = applyUpdate(item, read);
  expect(item).toEqual(readItem(before));
  return after;
}

const S = (text: string) => ({ S: text });

describe("an update of DynamoDB", () => {
  test("counts every index of a list from the list before", () => {
    expect(update("REMOVE l[1] SET l[3] = :z", { ":z": S("z") }).l).toEqual(letters("a", "c", "z"));
    expect(update("REMOVE l[0], l[2]").l).toEqual(letters("b", "d"));
    expect(update("SET l[0] = l[3], l[3] = l[0]").l).toEqual(letters("d", "b", "c", "a"));
  });

  test("appends what is set behind the end of a list, in the order of the indexes", () => {
    const values = { ":y": S("y"), ":z": S("z") };
    expect(update("SET l[20] = :z, l[10] = :y", values).l).toEqual(letters("a", "b", "c", "d", "y", "z"));
    expect(update("SET l[9] = :z REMOVE l[0], l[1]", { ":z": S("z") }).l).toEqual(letters("c", "d", "z"));
    expect(update("REMOVE l[9]").l).toEqual(letters("a", "b", "c", "d"));
  });

  test("reads every operand from the item before", () => {
    expect(update("SET n = :v, copied = n", { ":v": { N: "1" } })).toMatchObject({
      n: { N: "1" },
      copied: { N: "10" },
    });
    expect(update("SET copied = n REMOVE n")).not.toHaveProperty("n");
  });

  test("adds and subtracts with 38 digits, and refuses the 39th", () => {
    const digits = "1234567890123456789012345678901234567";
    expect(update("SET n = n + :v", { ":v": { N: `${digits}0` } }).n).toEqual({
      N: "12345678901234567890123456789012345680",
    });
    expect(update("SET n = n - :v", { ":v": { N: "0.3" } }).n).toEqual({ N: "9.7" });
    expect(update("ADD n :v", { ":v": { N: "-10" } }).n).toEqual({ N: "0" });
    expect(() => update("ADD n :v", { ":v": { N: "1e-38" } })).toThrow(/more than 38 significant digits/);
  });

  test("takes functions within each other", () => {
    const values = { ":v": letters("e"), ":none": { L: [] }, ":one": { N: "1" } };
    expect(
      update(
        "SET l = list_append(l, :v), fresh = list_append(if_not_exists(fresh, :none), :v), c = if_not_exists(c, :one) + :one",
        values,
      ),
    ).toMatchObject({ l: letters("a", "b", "c", "d", "e"), fresh: letters("e"), c: { N: "2" } });
  });

  test("adds to and deletes from sets, and an emptied set is gone", () => {
    expect(update("ADD ss :v", { ":v": { SS: ["c", "a"] } }).ss).toEqual({ SS: ["a", "b", "c"] });
    expect(update("DELETE ss :v", { ":v": { SS: ["a", "x"] } }).ss).toEqual({ SS: ["b"] });
    expect(update("DELETE ss :v", { ":v": { SS: ["a", "b"] } })).not.toHaveProperty("ss");
    expect(update("ADD fresh :v", { ":v": { N: "5" } }).fresh).toEqual({ N: "5" });
    expect(update("DELETE gone :v", { ":v": { SS: ["a"] } })).toEqual(readItem(before));
  });

  test("reaches into maps, and keeps names of JavaScript's own", () => {
    expect(update("SET m.y = :v, m.letters[1] = :v REMOVE m.x", { ":v": S("v") }).m).toEqual({
      M: { y: S("v"), letters: letters("p", "v") },
    });
    const after = update("SET #p = :v", { ":v": S("v") }, { "#p": "__proto__" });
    expect(Object.keys(after)).toContain("__proto__");
    expect(JSON.parse(JSON.stringify(after))).toHaveProperty(["__proto__"], S("v"));
  });

  test.each([
    ["SET gone.x = :v", { ":v": S("v") }, /The document path provided in the update expression is invalid/],
    ["SET l.x = :v", { ":v": S("v") }, /The document path provided in the update expression is invalid/],
    ["SET s[0] = :v", { ":v": S("v") }, /The document path provided in the update expression is invalid/],
    ["SET x = gone", undefined, /refers to an attribute that does not exist in the item/],
    [
      "SET x = s + :v",
      { ":v": { N: "1" } },
      /An operand in the update expression has an incorrect data type/,
    ],
    ["ADD s :v", { ":v": { N: "1" } }, /An operand in the update expression has an incorrect data type/],
    ["ADD ss :v", { ":v": { NS: ["1"] } }, /An operand in the update expression has an incorrect data type/],
    ["ADD x :v", { ":v": S("v") }, /operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND/],
    ["DELETE x :v", { ":v": { N: "1" } }, /operator: DELETE, operand type: NUMBER/],
    ["SET x = :v + :v", { ":v": S("v") }, /operator or function: \+, operand type: S/],
    ["SET x = list_append(l, :v)", { ":v": S("v") }, /operator or function: list_append, operand type: S/],
    [
      "SET m = :v, m.x = :v",
      { ":v": S("v") },
      /Two document paths overlap .* path one: \[m\], path two: \[m, x\]/,
    ],
    ["REMOVE m.x SET m = :v", { ":v": S("v") }, /Two document paths overlap/],
    ["REMOVE n SET n = :v", { ":v": S("v") }, /Two document paths overlap/],
    ["SET l[0] = :v, l.x = :v", { ":v": S("v") }, /Two document paths conflict/],
    ["SET x = :v SET y = :v", { ":v": S("v") }, /The "SET" section can only be used once/],
    ["SET status = :v", { ":v": S("v") }, /reserved keyword: status/],
    ["SET x = attribute_exists(y)", undefined, /not allowed in an update expression/],
    ["SET x = n + n + n", undefined, /Syntax error; token: "\+"/],
    ["CHANGE x", undefined, /Syntax error; token: "CHANGE"/],
  ])("that AWS refuses is refused in AWS's words: %s", (text, values, message) => {
    expect(() => update(text, values as Record<string, unknown> | undefined)).toThrow(message);
  });
});

test("a projection closes lists up and leaves out what is not there", () => {
  const projection = readProjection("m.x, l[2], l[0], gone, s", new Placeholders(undefined, undefined));
  expect(project(readItem(before), projection)).toEqual({
    m: { M: { x: { N: "1" } } },
    l: letters("a", "c"),
    s: S("text"),
  });
});

test.each([
  ["1.50", "1.5"],
  ["-0", "0"],
  ["00012", "12"],
  ["1E3", "1000"],
  ["12e-4", "0.0012"],
  [".5", "0.5"],
  ["1e125", `1${"0".repeat(125)}`],
])("the number %s is stored as %s", (given, stored) => {
  expect(readItem({ n: { N: given } })).toEqual({ n: { N: stored } });
});

test.each([
  ["x", /cannot be converted to a numeric value/],
  ["", /cannot be converted to a numeric value/],
  ["1e126", /Number overflow/],
  ["1e-131", /Number underflow/],
  ["1".repeat(39), /more than 38 significant digits/],
])("the number %s is refused", (given, message) => {
  expect(() => readItem({ n: { N: given } })).toThrow(message);
});
