import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AwsError } from "../../protocol/service.ts";
import { meteredBytes } from "./metered-bytes.ts";

/** The settings of a file system, in EFS's terms. */
export interface FileSystemSettings {
  readonly encrypted: boolean;
  readonly throughputMode: string;
  readonly provisionedThroughput: number | undefined;
  readonly performanceMode: string;
  readonly lifecyclePolicies: readonly Readonly<Record<string, string>>[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface FileSystem {
  readonly id: string;
  readonly folder: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly settings: FileSystemSettings;
  /** ENABLED or DISABLED; undefined if not set. */
  backup: string | undefined;
  /** JSON; undefined if there is none. */
  policy: string | undefined;
}

export interface MountTarget {
  readonly id: string;
  readonly fileSystemId: string;
  readonly subnetId: string;
  readonly securityGroups: readonly string[];
}

export interface AccessPoint {
  readonly id: string;
  readonly fileSystemId: string;
  /** Relative to the file system's root. */
  readonly path: string;
  readonly posixUser: { readonly uid: number; readonly gid: number } | undefined;
}

/** EFS as folders. */
export class FileSystems {
  readonly #parent: string;
  readonly #byId = new Map<string, FileSystem>();
  readonly #mountTargets = new Map<string, MountTarget>();
  readonly #accessPoints = new Map<string, AccessPoint>();

  constructor(parent: string) {
    this.#parent = parent;
  }

  async create(id: string, settings: FileSystemSettings): Promise<void> {
    const folder = join(this.#parent, id);
    await mkdir(folder, { recursive: true });
    const state = { backup: undefined, policy: undefined };
    this.#byId.set(id, { id, folder, createdAt: Date.now(), settings, ...state });
  }

  addMountTarget(target: MountTarget): void {
    this.existing(target.fileSystemId);
    this.#mountTargets.set(target.id, target);
  }

  async createAccessPoint(accessPoint: AccessPoint): Promise<void> {
    await mkdir(this.#folderOf(accessPoint), { recursive: true });
    this.#accessPoints.set(accessPoint.id, accessPoint);
  }

  all(): FileSystem[] {
    return [...this.#byId.values()];
  }

  mountTargets(): MountTarget[] {
    return [...this.#mountTargets.values()];
  }

  accessPoints(): AccessPoint[] {
    return [...this.#accessPoints.values()];
  }

  /** Throws FileSystemNotFound. */
  existing(id: string): FileSystem {
    return this.#byId.get(id) ?? notFound("FileSystem", `File system '${id}' does not exist.`);
  }

  /** Throws MountTargetNotFound. */
  mountTarget(id: string): MountTarget {
    return this.#mountTargets.get(id) ?? notFound("MountTarget", `Mount target '${id}' does not exist.`);
  }

  /** Throws AccessPointNotFound. */
  accessPoint(id: string): AccessPoint {
    return this.#accessPoints.get(id) ?? notFound("AccessPoint", `Access point '${id}' does not exist.`);
  }

  /** Returns the bytes that EFS meters. Throws FileSystemNotFound. */
  meteredBytes(id: string): Promise<number> {
    return meteredBytes(this.existing(id).folder);
  }

  /** The folder of a file system, or of an access point into it. Throws while it has no mount target, as AWS does. */
  mount(fileSystemId: string, accessPointId: string | undefined): string {
    const { folder } = this.existing(fileSystemId);
    if (!this.mountTargets().some((target) => target.fileSystemId === fileSystemId)) {
      throw new Error(`The file system ${fileSystemId} has no mount target yet: depend on its mount targets`);
    }
    return accessPointId === undefined ? folder : this.#folderOf(this.accessPoint(accessPointId));
  }

  /** The same for an access point alone. */
  mountAccessPoint(accessPointId: string): string {
    return this.mount(this.accessPoint(accessPointId).fileSystemId, accessPointId);
  }

  #folderOf({ fileSystemId, path }: AccessPoint): string {
    return join(this.existing(fileSystemId).folder, path);
  }
}

function notFound(what: string, message: string): never {
  throw new AwsError(404, `${what}NotFound`, message);
}
