import sharp from "sharp";
import type { Model } from "../../embeddings/cached-model.ts";
import type { DocumentVector } from "../document-vectors.ts";
import { documentVectors } from "../document-vectors.ts";
import { categories, evidence, withoutText } from "./categories.ts";
import { vibesOf } from "./colours.ts";
import type { TextLine, TextReader } from "./read-text.ts";

/** The local model's description of an image: its text and colours. It does not recognize objects. */
export interface Description {
  readonly category: string;
  readonly headline: string;
  readonly summary: string;
  readonly lines: readonly string[];
  /** The largest texts first. */
  readonly hierarchy: readonly string[];
  readonly vibes: readonly string[];
  readonly hashtags: readonly string[];
  readonly accounts: readonly string[];
  readonly width: number;
  readonly height: number;
}

const nothing = new Float32Array();
const summaryLines = 4;
const maxHierarchy = 3;

export class ImageDescriber {
  readonly #reader: TextReader;
  readonly #model: Model;
  #categoryVectors: Promise<DocumentVector[]> | undefined;

  constructor(reader: TextReader, model: Model) {
    this.#reader = reader;
    this.#model = model;
  }

  /** Rejects if the bytes are not a decodable image. */
  async describe(image: Buffer): Promise<Description> {
    const picture = sharp(image);
    const { width, height } = await picture.metadata();
    const [lines, { dominant }] = await Promise.all([this.#reader.read(image), picture.stats()]);
    const texts = lines.map(({ text }) => text);
    const bySize = [...lines].sort((a, b) => b.height - a.height).map(({ text }) => text);
    const category = await this.#categoryOf(lines);
    const headline = bySize[0] ?? "";
    const words = texts.join(" ");
    return {
      category,
      headline,
      summary: summaryOf(category, headline, texts),
      lines: texts,
      hierarchy: bySize.slice(0, maxHierarchy),
      vibes: vibesOf(dominant),
      hashtags: words.match(/#\w+/g) ?? [],
      accounts: words.match(/(?<!\w)@\w+/g) ?? [],
      width: width ?? 0,
      height: height ?? 0,
    };
  }

  async #categoryOf(lines: readonly TextLine[]): Promise<string> {
    if (lines.length === 0) return withoutText;
    this.#categoryVectors ??= documentVectors(
      this.#model,
      Object.values(categories).map(({ words }) => words),
    ).catch((error: unknown) => {
      this.#categoryVectors = undefined;
      throw error;
    });
    const [known, [text]] = await Promise.all([
      this.#categoryVectors,
      documentVectors(this.#model, [lines.map((line) => line.text).join("\n")]),
    ]);
    const names = Object.keys(categories);
    const scores = Object.values(categories).map(
      (category, at) =>
        cosine(known[at]?.vector ?? nothing, text?.vector ?? nothing) + evidence(category, lines),
    );
    return names[scores.indexOf(Math.max(...scores))] ?? withoutText;
  }
}

function summaryOf(category: string, headline: string, texts: readonly string[]): string {
  if (texts.length === 0) return "A picture without text.";
  const first = texts.filter((text) => text !== headline).slice(0, summaryLines);
  return [
    `A ${category}: ${headline}.`,
    ...(first.length === 0 ? [] : [`It says: ${first.join("; ")}.`]),
  ].join(" ");
}

/** The vectors must have length one. */
function cosine(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
}
