const textsPerRequest = 2_048;

/** The vectors that the benchmark's endpoint has for texts. */
export async function embeddingsOf(embeddingsUrl: string, input: readonly string[]): Promise<Float32Array[]> {
  const { data } = await answerOf<number[]>(embeddingsUrl, input, "float");
  return data.map(({ embedding }) => Float32Array.from(embedding));
}

/** Makes the endpoint compute the vectors of all texts before anything is measured. */
export async function warmUp(embeddingsUrl: string, texts: readonly string[]): Promise<void> {
  for (let start = 0; start < texts.length; start += textsPerRequest) {
    await answerOf<string>(embeddingsUrl, texts.slice(start, start + textsPerRequest), "base64");
  }
}

async function answerOf<Vector>(embeddingsUrl: string, input: readonly string[], format: "float" | "base64") {
  const answer = await fetch(`${embeddingsUrl}/embeddings`, {
    method: "POST",
    body: JSON.stringify({ model: "bench", input, encoding_format: format }),
  });
  return (await answer.json()) as { data: { embedding: Vector }[] };
}
