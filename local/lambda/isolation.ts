import { spawnSync } from "node:child_process";
import { dirname, join, sep } from "node:path";

/** Isolation of a function's process: a private /tmp, and read-only code. */
export interface Isolation {
  readonly temporaryFolder: string;
  readonly taskRoot: string;
  /** Folders that it needs besides, wherever they lie. */
  readonly needed: readonly string[];
}

const tmp = "/tmp";
const project = join(import.meta.dirname, "../..");

/**
 * Gives a process its own /tmp: binds what it needs of the real /tmp into the folder, mounts the folder as /tmp, and
 * replaces itself by the program, which keeps its process id. Arguments: the folder, the task root, the number of paths
 * to keep, these paths, the program.
 */
const script = `
own=$1 root=$2 count=$3; shift 3
mount --bind "$root" "$root" && { mount -o remount,bind,ro "$root" || true; }
while [ "$count" -gt 0 ]; do
  inner="$own/\${1#${tmp}/}"
  mkdir -p "$inner" && mount --rbind "$1" "$inner" || exit 126
  shift; count=$((count - 1))
done
mount --rbind "$own" ${tmp} || exit 126
cd "$root" && exec "$@"
`;

let found: readonly string[] | undefined;

/** Whether processes can have their own /tmp, which requires that this user may create mount namespaces. */
export function canIsolate(): boolean {
  return unshare().length > 0;
}

/** Returns the command prefix that isolates a program; empty if the system does not allow it. */
export function isolated({ temporaryFolder, taskRoot, needed }: Isolation): readonly string[] {
  const command = unshare();
  if (command.length === 0) return [];
  const kept = [dirname(process.execPath), project, taskRoot, ...needed].filter(isInTmp);
  const outermost = kept.filter((path) => !kept.some((other) => other !== path && isIn(path, other)));
  const all = [...new Set(outermost)];
  return [...command, "sh", "-c", script, "sh", temporaryFolder, taskRoot, String(all.length), ...all];
}

function unshare(): readonly string[] {
  found ??=
    [
      ["unshare", "--mount"],
      ["unshare", "--mount", "--map-root-user"],
    ].find(([command = "", ...options]) => {
      const probe = [...options, "sh", "-c", `mount --bind ${tmp} ${tmp}`];
      return spawnSync(command, probe, { stdio: "ignore" }).status === 0;
    }) ?? [];
  return found;
}

function isInTmp(path: string): boolean {
  return isIn(path, tmp);
}

function isIn(path: string, folder: string): boolean {
  return path.startsWith(`${folder}${sep}`);
}
