import { accountId, region } from "../../protocol/account.ts";
import { type ApiCall, AwsError, type LocalService, type Reply } from "../../protocol/service.ts";
import type { AccessPoint, FileSystem, FileSystems, MountTarget } from "./file-systems.ts";

interface Asked {
  readonly fileSystems: FileSystems;
  /** From the path; empty if the route has none. */
  readonly id: string;
  readonly query: URLSearchParams;
}

interface Route {
  readonly action: string;
  /** The path after `/2015-02-01`. */
  readonly path: RegExp;
  answer(asked: Asked): object | Promise<object>;
}

const maxItems = 100;

const routes: readonly Route[] = [
  {
    action: "DescribeFileSystems",
    path: /^\/file-systems\/?$/,
    async answer({ fileSystems, query }) {
      const id = query.get("FileSystemId");
      const token = query.get("CreationToken");
      const found = (id === null ? fileSystems.all() : [fileSystems.existing(id)]).filter(
        (one) => token === null || one.id === token,
      );
      const { page, ...next } = pageOf(found, query);
      const described = page.map((one) => describeFileSystem(fileSystems, one));
      return { FileSystems: await Promise.all(described), ...next };
    },
  },
  {
    action: "DescribeLifecycleConfiguration",
    path: /^\/file-systems\/([^/]+)\/lifecycle-configuration$/,
    answer: ({ fileSystems, id }) => ({
      LifecyclePolicies: fileSystems.existing(id).settings.lifecyclePolicies,
    }),
  },
  {
    action: "DescribeBackupPolicy",
    path: /^\/file-systems\/([^/]+)\/backup-policy$/,
    answer: ({ fileSystems, id }) => ({ BackupPolicy: { Status: given(fileSystems.existing(id).backup) } }),
  },
  {
    action: "DescribeFileSystemPolicy",
    path: /^\/file-systems\/([^/]+)\/policy$/,
    answer: ({ fileSystems, id }) => ({ FileSystemId: id, Policy: given(fileSystems.existing(id).policy) }),
  },
  {
    action: "DescribeMountTargets",
    path: /^\/mount-targets\/?$/,
    answer({ fileSystems, query }) {
      const { page, ...next } = pageOf(mountTargetsMeant(fileSystems, query), query);
      return { MountTargets: page.map(describeMountTarget), ...next };
    },
  },
  {
    action: "DescribeMountTargetSecurityGroups",
    path: /^\/mount-targets\/([^/]+)\/security-groups$/,
    answer: ({ fileSystems, id }) => ({ SecurityGroups: fileSystems.mountTarget(id).securityGroups }),
  },
  {
    action: "DescribeAccessPoints",
    path: /^\/access-points\/?$/,
    answer({ fileSystems, query }) {
      const [id, ofFileSystem] = [query.get("AccessPointId"), query.get("FileSystemId")];
      if (ofFileSystem !== null) fileSystems.existing(ofFileSystem);
      const found = (id === null ? fileSystems.accessPoints() : [fileSystems.accessPoint(id)]).filter(
        ({ fileSystemId }) => ofFileSystem === null || fileSystemId === ofFileSystem,
      );
      return { AccessPoints: found.map(describeAccessPoint) };
    },
  },
];

/** EFS: its Describe calls for the file systems of the deployment. Only a deployment creates file systems. */
export function efsService(fileSystems: FileSystems): LocalService {
  return {
    names: ["elasticfilesystem"],
    permissions(call) {
      const { route, id } = routeOf(call);
      return [{ action: `elasticfilesystem:${route.action}`, resource: resourceOf(fileSystems, call, id) }];
    },
    async handle(call) {
      const { route, id } = routeOf(call);
      return reply(200, await route.answer({ fileSystems, id, query: call.url.searchParams }));
    },
    renderError: ({ status, code, message }) =>
      reply(status, { ErrorCode: code, Message: message }, { "x-amzn-errortype": code }),
  };
}

function routeOf({ method, url }: ApiCall): { route: Route; id: string } {
  const path = url.pathname.replace(/^\/2015-02-01/, "");
  for (const route of method === "GET" ? routes : []) {
    const match = route.path.exec(path);
    if (match !== null) return { route, id: decodeURIComponent(match[1] ?? "") };
  }
  throw new AwsError(
    400,
    "BadRequest",
    `The local EFS does not know ${method} ${url.pathname}: it has ${routes.map(({ action }) => action).join(", ")}.`,
  );
}

/** Every permission is one on the file system; without a name, one on all of them. */
function resourceOf(fileSystems: FileSystems, { url: { searchParams } }: ApiCall, idInPath: string): string {
  const target = searchParams.get("MountTargetId") ?? (idInPath.startsWith("fsmt-") ? idInPath : undefined);
  const fileSystemId =
    target === undefined
      ? (searchParams.get("FileSystemId") ?? (idInPath === "" ? "*" : idInPath))
      : fileSystems.mountTarget(target).fileSystemId;
  return fileSystemArn(fileSystemId);
}

async function describeFileSystem(fileSystems: FileSystems, { id, createdAt, settings }: FileSystem) {
  const bytes = await fileSystems.meteredBytes(id);
  const tags = Object.entries(settings.tags).map(([Key, Value]) => ({ Key, Value }));
  return {
    OwnerId: accountId,
    CreationToken: id,
    FileSystemId: id,
    FileSystemArn: fileSystemArn(id),
    CreationTime: createdAt / 1000,
    LifeCycleState: "available",
    Name: settings.tags.Name,
    NumberOfMountTargets: fileSystems.mountTargets().filter(({ fileSystemId }) => fileSystemId === id).length,
    SizeInBytes: {
      Value: bytes,
      Timestamp: Date.now() / 1000,
      ValueInIA: 0,
      ValueInStandard: bytes,
      ValueInArchive: 0,
    },
    PerformanceMode: settings.performanceMode,
    Encrypted: settings.encrypted,
    ThroughputMode: settings.throughputMode,
    ProvisionedThroughputInMibps: settings.provisionedThroughput,
    Tags: tags,
    FileSystemProtection: { ReplicationOverwriteProtection: "ENABLED" },
  };
}

function mountTargetsMeant(fileSystems: FileSystems, query: URLSearchParams): MountTarget[] {
  const [id, fileSystem, accessPoint] = ["MountTargetId", "FileSystemId", "AccessPointId"].map((name) =>
    query.get(name),
  );
  if (id) return [fileSystems.mountTarget(id)];
  const wanted = accessPoint ? fileSystems.accessPoint(accessPoint).fileSystemId : fileSystem;
  if (!wanted) {
    throw new AwsError(400, "BadRequest", "One of FileSystemId, MountTargetId and AccessPointId is needed.");
  }
  fileSystems.existing(wanted);
  return fileSystems.mountTargets().filter(({ fileSystemId }) => fileSystemId === wanted);
}

function describeMountTarget({ id, fileSystemId, subnetId }: MountTarget) {
  return {
    OwnerId: accountId,
    MountTargetId: id,
    FileSystemId: fileSystemId,
    SubnetId: subnetId,
    LifeCycleState: "available",
    IpAddress: "127.0.0.1",
    NetworkInterfaceId: id.replace(/^fsmt/, "eni"),
  };
}

function describeAccessPoint({ id, fileSystemId, path, posixUser }: AccessPoint) {
  return {
    AccessPointId: id,
    AccessPointArn: `arn:aws:elasticfilesystem:${region}:${accountId}:access-point/${id}`,
    FileSystemId: fileSystemId,
    LifeCycleState: "available",
    OwnerId: accountId,
    PosixUser: posixUser && { Uid: posixUser.uid, Gid: posixUser.gid },
    RootDirectory: { Path: path },
  };
}

function fileSystemArn(id: string): string {
  return `arn:aws:elasticfilesystem:${region}:${accountId}:file-system/${id}`;
}

/** A policy that was not set is not found, as on AWS. */
function given(value: string | undefined): string {
  if (value !== undefined) return value;
  throw new AwsError(404, "PolicyNotFound", "There is no such policy for this file system.");
}

function pageOf<T>(found: readonly T[], query: URLSearchParams) {
  const from = Number(query.get("Marker") ?? 0);
  const end = from + Math.min(maxItems, Number(query.get("MaxItems") ?? maxItems));
  const NextMarker = end < found.length ? String(end) : undefined;
  return { page: found.slice(from, end), NextMarker };
}

function reply(status: number, body: object, headers: Record<string, string> = {}): Reply {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}
