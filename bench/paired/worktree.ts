import { execFile } from "node:child_process";
import { access, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const dependencies = ["node_modules", join("bench", "node_modules")];

/** Does the work with a checkout of another commit, which has the dependencies of this one and is removed afterwards. */
export async function withWorktree<T>(ref: string, work: (folder: string) => Promise<T>): Promise<T> {
  const { stdout: own } = await run("git", ["rev-parse", "--show-toplevel"]);
  const root = own.trim();
  const folder = join(await realpath(await mkdtemp(join(tmpdir(), "vectorkeep-paired-"))), "checkout");
  try {
    await run("git", ["worktree", "add", "--detach", folder, ref], { cwd: root });
    for (const path of dependencies) {
      const isThere = await access(join(root, path)).then(
        () => true,
        () => false,
      );
      if (isThere) await symlink(join(root, path), join(folder, path));
    }
    return await work(folder);
  } finally {
    await rm(join(folder, ".."), { recursive: true, force: true });
    await run("git", ["worktree", "prune"], { cwd: root });
  }
}
