import fc from "fast-check";
import { readDefinition } from "../../local/step-functions/definition/read-definition.ts";
import { batched } from "../../local/step-functions/distributed/child-inputs.ts";
import { csvRows } from "../../local/step-functions/distributed/csv-rows.ts";
import { Retries } from "../../local/step-functions/interpreter/retries.ts";
import { StatesError } from "../../local/step-functions/states-error.ts";
import { invoke, single } from "./state-machines.ts";

function refusal(definition: object): readonly string[] {
  try {
    readDefinition(JSON.stringify(definition));
    return [];
  } catch (error) {
    return (error as { problems: readonly string[] }).problems;
  }
}

/** A JSONata machine of one Map. */
function mapOf(
  map: object,
  processor: object = { ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" } },
) {
  const child = { StartAt: "One", States: { One: { Type: "Pass", End: true } }, ...processor };
  return single({ Type: "Map", ItemProcessor: child, ...map });
}

describe("a definition is refused", () => {
  test.each<[string, object, string]>([
    [
      "for a field of another language",
      single({ Type: "Pass", ResultPath: "$" }),
      'state "Only": ResultPath',
    ],
    ["for a type of state", single({ Type: "Dance" }), 'state "Only": Type'],
    [
      "for an integration",
      single({ Type: "Task", Resource: "arn:aws:states:::sqs:sendMessage" }),
      'state "Only": Resource',
    ],
    ["for a heartbeat", single(invoke("f", { HeartbeatSeconds: 5 })), 'state "Only": HeartbeatSeconds'],
    [
      "for JSONata that does not parse",
      single({ Type: "Pass", Output: { a: ["{% 1 + %}"] } }),
      'state "Only": Output: {% 1 + %} is not JSONata',
    ],
    [
      "for States.ALL beside others",
      single(invoke("f", { Retry: [{ ErrorEquals: ["States.ALL", "Other"] }] })),
      'state "Only": Retry: States.ALL',
    ],
    [
      "for Express children",
      mapOf({}, { ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "EXPRESS" } }),
      "has no Express workflows",
    ],
    [
      "for tolerance in an inline map",
      mapOf({ ToleratedFailurePercentage: 5 }, {}),
      "belongs to Maps of mode DISTRIBUTED",
    ],
    [
      "for a reader of listings",
      mapOf({
        ItemReader: { Resource: "arn:aws:states:::s3:listObjectsV2", ReaderConfig: { InputType: "JSON" } },
      }),
      'state "Only": ItemReader.Resource',
    ],
    [
      "for CSV without a header",
      mapOf({
        ItemReader: { Resource: "arn:aws:states:::s3:getObject", ReaderConfig: { InputType: "CSV" } },
      }),
      "CSVHeaderLocation",
    ],
    ["for an empty ResultWriter", mapOf({ ResultWriter: {} }), 'state "Only": ResultWriter: it is empty'],
    [
      "for a state that is not there",
      { StartAt: "A", States: { A: { Type: "Pass", Next: "B" } } },
      'state "A": Next: there is no state "B"',
    ],
    [
      "for a state without an end",
      { StartAt: "A", States: { A: { Type: "Pass" } } },
      'state "A": it needs either Next or End',
    ],
    [
      "for an intrinsic function",
      { StartAt: "A", States: { A: { Type: "Pass", Parameters: { "a.$": "States.UUID()" }, End: true } } },
      'state "A": Parameters: "States.UUID()" is not a path',
    ],
    [
      "for a filter in a path",
      { StartAt: "A", States: { A: { Type: "Pass", InputPath: "$.a[?(@.b)]", End: true } } },
      'state "A": InputPath',
    ],
    [
      "for an unknown comparison",
      {
        StartAt: "A",
        States: { A: { Type: "Choice", Choices: [{ Variable: "$.a", Rhymes: 1, Next: "A" }] } },
      },
      "no comparison Rhymes",
    ],
    [
      "for Assign in JSONPath",
      { StartAt: "A", States: { A: { Type: "Pass", Assign: { a: 1 }, End: true } } },
      'state "A": Assign',
    ],
  ])("%s", (_, definition, problem) => {
    expect(refusal(definition).join("\n")).toContain(problem);
  });

  test("for everything at once, nested states too", () => {
    const broken = { Type: "Pass", Wrong: 1, End: true };
    const branch = { StartAt: "Inner", States: { Inner: broken } };
    const definition = single({ Type: "Parallel", Branches: [branch] }, { Other: broken });
    expect(refusal(definition)).toEqual([
      expect.stringContaining('state "Inner": Wrong'),
      expect.stringContaining('state "Other": Wrong'),
    ]);
  });
});

describe("retries", () => {
  const retrier = {
    ErrorEquals: ["A"],
    IntervalSeconds: 2,
    BackoffRate: 2,
    MaxAttempts: 3,
    JitterStrategy: "NONE" as const,
  };
  const error = (name: string) => new StatesError(name, "");

  test("wait a tenth of what the definition says, longer each time, up to its limit", () => {
    const retries = new Retries([{ ...retrier, MaxDelaySeconds: 5 }]);
    expect([1, 2, 3, 4].map(() => retries.next(error("A")))).toEqual([0.2, 0.4, 0.5, undefined]);
  });

  test("are counted by each retrier for itself", () => {
    const retries = new Retries([retrier, { ...retrier, ErrorEquals: ["States.ALL"], MaxAttempts: 1 }]);
    expect(retries.next(error("B"))).toBeDefined();
    expect(retries.next(error("A"))).toBeDefined();
    expect(retries.next(error("B"))).toBeUndefined();
    expect(retries.next(error("A"))).toBeDefined();
  });

  test.each([
    ["States.TaskFailed", "Lambda.ServiceException", true],
    ["States.TaskFailed", "States.Timeout", false],
    ["States.ALL", "States.Timeout", true],
    ["States.ALL", "States.DataLimitExceeded", false],
    ["States.DataLimitExceeded", "States.DataLimitExceeded", true],
    ["States.ALL", "States.Runtime", false],
  ])("of %s are for %s: %s", (named, thrown, isFor) => {
    const retries = new Retries([{ ...retrier, ErrorEquals: [named] }]);
    expect(retries.next(error(thrown)) !== undefined).toBe(isFor);
  });
});

describe("items", () => {
  test("of CSV are the cells that were written, whatever is in them", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", "é", ",", '"', "\n", "\r\n", " ", "") });
    const row = fc.array(cell, { minLength: 2, maxLength: 4 });
    const lineEnd = fc.constantFrom("\n", "\r\n");
    fc.assert(
      fc.property(fc.array(row), lineEnd, fc.boolean(), (rows, end, endsInLineEnd) => {
        const quoted = rows.map((cells) => cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(","));
        const text = quoted.join(end) + (endsInLineEnd && rows.length > 0 ? end : "");
        expect([...csvRows(text, ",")]).toEqual(rows);
      }),
    );
  });

  test.each([
    [
      "a,b\n1,\n",
      [
        ["a", "b"],
        ["1", ""],
      ],
    ],
    [
      "a,b\n1,",
      [
        ["a", "b"],
        ["1", ""],
      ],
    ],
    ["a\n\n1\n", [["a"], ["1"]]],
    [",\n", [["", ""]]],
  ])("of the CSV %j are %j", (text, rows) => {
    expect([...csvRows(text, ",")]).toEqual(rows);
  });

  test("are batched by number and by size", async () => {
    const inputs = async function* () {
      for (const text of ['"1"', '"22"', '"333"', '"4"']) yield { text, itemCount: 1 };
    };
    const texts = async (maxItems: number, maxBytes: number) => {
      const batches = [];
      for await (const { text } of batched(inputs(), { maxItems, maxBytes, batchInput: undefined })) {
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
        batches.push(JSON.parse(text).Items.length);
      }
      return batches;
    };
    expect(await texts(3, 1000)).toEqual([3, 1]);
    expect(await texts(9, 22)).toEqual([2, 2]);
  });
});
