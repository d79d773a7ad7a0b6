import { mkdir } from "node:fs/promises";
import { join } from "node:path";

interface FileSystem {
  readonly folder: string;
  mountable: boolean;
}

/** EFS as folders. */
export class FileSystems {
  readonly #parent: string;
  readonly #byId = new Map<string, FileSystem>();
  readonly #accessPoints = new Map<string, { readonly fileSystemId: string; readonly folder: string }>();

  constructor(parent: string) {
    this.#parent = parent;
  }

  async create(id: string): Promise<void> {
    const folder = join(this.#parent, id);
    await mkdir(folder, { recursive: true });
    this.#byId.set(id, { folder, mountable: false });
  }

  addMountTarget(id: string): void {
    this.#existing(id).mountable = true;
  }

  async createAccessPoint(accessPointId: string, fileSystemId: string, path: string): Promise<void> {
    const folder = join(this.#existing(fileSystemId).folder, path);
    await mkdir(folder, { recursive: true });
    this.#accessPoints.set(accessPointId, { fileSystemId, folder });
  }

  /** The folder of a file system, or of an access point into it. Throws while it has no mount target, as AWS does. */
  mount(fileSystemId: string, accessPointId: string | undefined): string {
    const fileSystem = this.#existing(fileSystemId);
    if (!fileSystem.mountable) {
      throw new Error(`The file system ${fileSystemId} has no mount target yet: depend on its mount targets`);
    }
    return accessPointId === undefined ? fileSystem.folder : this.#accessPoint(accessPointId).folder;
  }

  /** The same for an access point alone. */
  mountAccessPoint(accessPointId: string): string {
    return this.mount(this.#accessPoint(accessPointId).fileSystemId, accessPointId);
  }

  #existing(id: string): FileSystem {
    const fileSystem = this.#byId.get(id);
    if (fileSystem === undefined) throw new Error(`There is no file system ${id}`);
    return fileSystem;
  }

  #accessPoint(id: string) {
    const accessPoint = this.#accessPoints.get(id);
    if (accessPoint === undefined) throw new Error(`There is no access point ${id}`);
    return accessPoint;
  }
}
