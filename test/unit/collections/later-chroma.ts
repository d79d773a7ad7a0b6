import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const bindings = "chromadb-bindings-of-a-later-release";
const tooNew = ["GLIBC_2.38", "GLIBC_2.39"];
/** glibc 2.38 has functions of C under these names too; they differ in what they say of binary numbers. */
const newName = "__isoc23_";
const weak = 2;
const anyVersion = 1;
const symbolBytes = 24;

/** The release that the later server is of. */
export async function laterChromaVersion(): Promise<string> {
  const manifest = createRequire(__filename).resolve(`${bindings}/package.json`);
  return (JSON.parse(await readFile(manifest, "utf8")) as { version: string }).version;
}

/** The native library of a later release of Chroma than the stack's, in a file that loads here. */
export async function laterChromaLibrary(): Promise<string> {
  const file = join(tmpdir(), `vectorkeep-test-chroma-${await laterChromaVersion()}.node`);
  if (existsSync(file)) return file;
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, withOldNames(await readFile(createRequire(__filename).resolve(bindings))));
  await rename(unfinished, file);
  return file;
}

/**
 * The library with its needs of glibc 2.38 and later made optional, and each function that it needs of 2.38 under the name
 * that older ones have it by: the end of its new name.
 */
function withOldNames(original: Buffer): Buffer {
  const library = Buffer.from(original);
  const [symbols, versions, needs] = [11, 0x6fffffff, 0x6ffffffe].map((type) => sectionOf(library, type));
  if (!symbols || !versions || !needs) throw new Error("The library is not dynamic.");
  const names = sectionAt(library, symbols.link).offset;
  const textAt = (offset: number) =>
    library.toString("latin1", names + offset, library.indexOf(0, names + offset));
  const newer = new Set<number>();
  for (const need of recordsFrom(library, needs.offset, 12)) {
    for (const version of recordsFrom(library, need + library.readUInt32LE(need + 8), 12)) {
      if (!tooNew.includes(textAt(library.readUInt32LE(version + 8)))) continue;
      library.writeUInt16LE(library.readUInt16LE(version + 4) | weak, version + 4);
      newer.add(library.readUInt16LE(version + 6));
    }
  }
  for (let at = 0; at * symbolBytes < symbols.size; at += 1) {
    const symbol = symbols.offset + at * symbolBytes;
    const name = library.readUInt32LE(symbol);
    if (!newer.has(library.readUInt16LE(versions.offset + 2 * at)) || !textAt(name).startsWith(newName))
      continue;
    library.writeUInt32LE(name + newName.length, symbol);
    library.writeUInt16LE(anyVersion, versions.offset + 2 * at);
  }
  return library;
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

function sectionOf(library: Buffer, type: number): Section | undefined {
  const all = Array.from({ length: library.readUInt16LE(0x3c) }, (_, index) => sectionAt(library, index));
  return all.find((section) => section.type === type);
}

function sectionAt(library: Buffer, index: number): Section {
  const at = Number(library.readBigUInt64LE(0x28)) + index * library.readUInt16LE(0x3a);
  return {
    type: library.readUInt32LE(at + 4),
    offset: Number(library.readBigUInt64LE(at + 0x18)),
    size: Number(library.readBigUInt64LE(at + 0x20)),
    link: library.readUInt32LE(at + 0x28),
  };
}

/** Records that say at `nextAt` how far the next one is; 0 ends the chain. */
function* recordsFrom(library: Buffer, first: number, nextAt: number): Generator<number> {
  for (let record = first; ; ) {
    yield record;
    const next = library.readUInt32LE(record + nextAt);
    if (next === 0) return;
    record += next;
  }
}
