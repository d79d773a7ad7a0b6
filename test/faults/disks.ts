import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { open, readFile, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const mib = 16;

/** A disk of 16 MiB of its own, in memory. */
export class SmallDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Undefined where this process may not mount anything. */
  static mount(): SmallDisk | undefined {
    const path = mkdtempSync(join(tmpdir(), "vectorkeep-disk-"));
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mib}m`, "tmpfs", path], { stdio: "ignore" });
      return new SmallDisk(path);
    } catch {
      rmSync(path, { recursive: true });
      return undefined;
    }
  }

  /** Leaves `freeBytes` free, in whole blocks. */
  async fill(freeBytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.path);
    const file = await open(this.#filler, "w");
    await file.writeFile(Buffer.alloc(Math.max(0, bavail * bsize - freeBytes)));
    await file.close();
  }

  async makeRoom(): Promise<void> {
    await rm(this.#filler, { force: true });
  }

  async unmount(): Promise<void> {
    const mounts = await readFile("/proc/mounts", "utf8");
    if (mounts.includes(this.path)) execFileSync("umount", ["--lazy", this.path]);
    await rm(this.path, { recursive: true, force: true });
  }

  get #filler(): string {
    return join(this.path, "filler");
  }
}
