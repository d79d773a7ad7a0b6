import { ProgramError } from "../program-error.ts";

/** The native library is not the version that the patch supports. */
export class LibraryUnpatchableError extends ProgramError {
  constructor(what: string) {
    super(
      `The native Chroma library cannot be made loadable: ${what}.`,
      "Install the version of chromadb-js-bindings-linux-x64-gnu that package.json pins.",
    );
  }
}

const versionNeeds = 0x6ffffffe;
const weak = 2;

interface Section {
  readonly type: number;
  readonly offset: number;
  /** Index of the section that this one refers to: of version needs, their names. */
  readonly link: number;
}

/**
 * A copy of an ELF64 library in which the need for one symbol version is weak: the loader then warns if
 * the C library lacks it, instead of failing. Throws LibraryUnpatchableError unless the need is there exactly once.
 */
export function makeWeak(library: Buffer, version: string): Buffer {
  const patched = Buffer.from(library);
  const needs = needsOf(patched).filter((need) => need.version === version);
  const [need] = needs;
  if (need === undefined || needs.length > 1) {
    throw new LibraryUnpatchableError(`it needs ${version} ${needs.length} times, not once`);
  }
  patched.writeUInt16LE(patched.readUInt16LE(need.flagsAt) | weak, need.flagsAt);
  return patched;
}

/** Symbol versions that the library requires, and whether each is weak (optional). */
export function neededVersions(library: Buffer): { version: string; weak: boolean }[] {
  return needsOf(library).map(({ version, flagsAt }) => ({
    version,
    weak: (library.readUInt16LE(flagsAt) & weak) !== 0,
  }));
}

/** Walks .gnu.version_r: a chain of files (Verneed), each with a chain of versions (Vernaux). */
function needsOf(library: Buffer): { version: string; flagsAt: number }[] {
  const all = sections(library);
  const section = all.find(({ type }) => type === versionNeeds);
  const names = section && all[section.link];
  if (!section || !names) throw new LibraryUnpatchableError("it has no version needs");
  const needs: { version: string; flagsAt: number }[] = [];
  forEachLinked(library, section.offset, 12, (file) => {
    forEachLinked(library, file + library.readUInt32LE(file + 8), 12, (need) => {
      const name = names.offset + library.readUInt32LE(need + 8);
      needs.push({ version: library.toString("latin1", name, library.indexOf(0, name)), flagsAt: need + 4 });
    });
  });
  return needs;
}

/** Follows records that say at `nextAt` how far the next one is; 0 ends the chain. */
function forEachLinked(
  library: Buffer,
  first: number,
  nextAt: number,
  visit: (record: number) => void,
): void {
  let record = first;
  for (;;) {
    visit(record);
    const next = library.readUInt32LE(record + nextAt);
    if (next === 0) return;
    record += next;
  }
}

function sections(library: Buffer): Section[] {
  const elf64LittleEndian = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  if (!library.subarray(0, 6).equals(elf64LittleEndian))
    throw new LibraryUnpatchableError("it is not a 64-bit ELF file");
  const table = Number(library.readBigUInt64LE(0x28));
  const entrySize = library.readUInt16LE(0x3a);
  const count = library.readUInt16LE(0x3c);
  return Array.from({ length: count }, (_, index) => {
    const at = table + index * entrySize;
    return {
      type: library.readUInt32LE(at + 4),
      offset: Number(library.readBigUInt64LE(at + 0x18)),
      link: library.readUInt32LE(at + 0x28),
    };
  });
}
