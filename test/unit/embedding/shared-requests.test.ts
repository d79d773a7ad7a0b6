import fc from "fast-check";
import { type EmbeddedText, RequestSize } from "../../../core/embedding/embed-each.ts";
import type { Embedder, VectorBytes } from "../../../core/embedding/embedder.ts";
import { EmbeddingRefusedError } from "../../../core/embedding/embedding-errors.ts";
import { requestLimits } from "../../../core/embedding/limits.ts";
import { SharedRequests } from "../../../core/embedding/shared-requests.ts";

/** Answers a text with its own bytes, and keeps what it was asked. */
class EchoEmbedder implements Embedder {
  readonly model = "echo";
  readonly dimensions = 1;
  readonly requests: string[][] = [];
  underWay = 0;
  maxInFlight = 0;
  readonly poison: string | undefined;

  constructor(poison?: string) {
    this.poison = poison;
  }

  async embed(texts: readonly string[]): Promise<VectorBytes[]> {
    this.requests.push([...texts]);
    this.underWay += 1;
    this.maxInFlight = Math.max(this.maxInFlight, this.underWay);
    await new Promise((resolve) => setImmediate(resolve));
    this.underWay -= 1;
    if (this.poison !== undefined && texts.includes(this.poison)) {
      throw new EmbeddingRefusedError(this.model, new Error("400 bad input"));
    }
    return texts.map((text) => Buffer.from(text));
  }
}

const { tokens: tokensPerRequest } = requestLimits;

async function textsBack(embedded: Promise<EmbeddedText[]>): Promise<string[]> {
  return (await embedded).map(({ vector, refusal }) => refusal?.name ?? Buffer.from(vector ?? []).toString());
}

test("callers share a request, and each gets its own vectors in its own order", async () => {
  const embedder = new EchoEmbedder();
  const requests = new SharedRequests({ embedder, tokensPerRequest });
  const answers = [requests.embed(["b", "a"]), requests.embed(["c"]), requests.embed([])];
  requests.flush();
  expect(await Promise.all(answers.map(textsBack))).toEqual([["b", "a"], ["c"], []]);
  expect(embedder.requests).toEqual([["b", "a", "c"]]);
});

test("an equal text is embedded once, within a caller, between callers and later (F12)", async () => {
  const embedder = new EchoEmbedder();
  const requests = new SharedRequests({ embedder, tokensPerRequest });
  const first = requests.embed(["a", "a", "b"]);
  const second = requests.embed(["b"]);
  requests.flush();
  expect(await textsBack(first)).toEqual(["a", "a", "b"]);
  expect(await textsBack(second)).toEqual(["b"]);
  expect(await textsBack(requests.embed(["b", "a"]))).toEqual(["b", "a"]);
  expect(requests.sent).toEqual({ requests: 1, texts: 2 });
});

test("requests are as full as the provider takes: 2,048 inputs", async () => {
  const embedder = new EchoEmbedder();
  const requests = new SharedRequests({ embedder, tokensPerRequest });
  const answer = requests.embed(Array.from({ length: 5_000 }, (_, index) => `text ${index}`));
  requests.flush();
  expect(await answer).toHaveLength(5_000);
  expect(embedder.requests.map((texts) => texts.length)).toEqual([2_048, 2_048, 904]);
});

test("at most eight requests are under way at a time", async () => {
  const embedder = new EchoEmbedder();
  const requests = new SharedRequests({ embedder, tokensPerRequest: 1 });
  const answer = requests.embed([..."abcdefghijklmnopqrst"]);
  requests.flush();
  expect((await answer).length).toBe(20);
  expect(embedder.requests).toHaveLength(20);
  expect(embedder.maxInFlight).toBe(8);
});

test("no request passes either limit, and no text is lost, whatever the callers bring", async () => {
  const caller = fc.array(fc.string({ unit: "binary", maxLength: 12 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(fc.array(caller, { maxLength: 12 }), async (callers) => {
      const embedder = new EchoEmbedder();
      const requests = new SharedRequests({ embedder, tokensPerRequest: 48 });
      const answers = callers.map((texts) => requests.embed(texts));
      requests.flush();
      const given = await Promise.all(answers);
      expect(given.map((vectors) => vectors.map(({ vector }) => Buffer.from(vector ?? [])))).toEqual(
        callers.map((texts) => texts.map((text) => Buffer.from(text))),
      );
      const sent = embedder.requests.flat();
      expect(new Set(sent).size).toBe(sent.length);
      for (const texts of embedder.requests) {
        expect(texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)).toBeLessThanOrEqual(48);
      }
    }),
  );
});

describe("F34: a request that the provider refuses", () => {
  test("answers only the refused text with the refusal, whichever caller sent it", async () => {
    const embedder = new EchoEmbedder("poison");
    const requests = new SharedRequests({ embedder, tokensPerRequest });
    const answers = [["a", "shared"], ["shared", "poison"], ["c"]].map((texts) => requests.embed(texts));
    requests.flush();
    expect(await Promise.all(answers.map(textsBack))).toEqual([
      ["a", "shared"],
      ["shared", "EmbeddingRefusedError"],
      ["c"],
    ]);
  });

  test("is not sent again for a later caller of the refused text", async () => {
    const embedder = new EchoEmbedder("poison");
    const requests = new SharedRequests({ embedder, tokensPerRequest });
    const refused = requests.embed(["a", "poison"]);
    requests.flush();
    expect(await textsBack(refused)).toEqual(["a", "EmbeddingRefusedError"]);
    const sent = embedder.requests.length;
    expect(await textsBack(requests.embed(["poison", "a"]))).toEqual(["EmbeddingRefusedError", "a"]);
    expect(embedder.requests).toHaveLength(sent);
  });

  test("rejects every caller after two requests where no text is taken", async () => {
    const embedder = new EchoEmbedder();
    const requests = new SharedRequests({ embedder, tokensPerRequest });
    let asked = 0;
    embedder.embed = async () => {
      asked += 1;
      throw new EmbeddingRefusedError("echo", new Error("API key not valid."));
    };
    const answers = [requests.embed(["a", "b"]), requests.embed(["c"])];
    requests.flush();
    const settled = await Promise.allSettled(answers);
    expect(settled).toEqual(
      answers.map(() => ({
        status: "rejected",
        reason: expect.objectContaining({ name: "EmbeddingNotAllowedError" }),
      })),
    );
    expect(asked).toBe(2);
  });
});

test("requests hold as many inputs as the setting says", async () => {
  const embedder = new EchoEmbedder();
  const requests = new SharedRequests({ embedder, tokensPerRequest, requestSize: new RequestSize(96) });
  const answer = requests.embed(Array.from({ length: 200 }, (_, index) => `text ${index}`));
  requests.flush();
  await answer;
  expect(embedder.requests.map((texts) => texts.length)).toEqual([96, 96, 8]);
});

test("a failure of no particular text fails every caller of that request", async () => {
  const embedder = new EchoEmbedder();
  embedder.embed = () => Promise.reject(new Error("the network is down"));
  const requests = new SharedRequests({ embedder, tokensPerRequest });
  const answers = [requests.embed(["a"]), requests.embed(["b"])];
  requests.flush();
  const settled = await Promise.allSettled(answers);
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});
