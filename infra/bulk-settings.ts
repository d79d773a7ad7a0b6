import { callersKey } from "./settings/forms.ts";
import { boolean, integer, list, oneOf, optionalSecret, optionalText } from "./settings/setting.ts";

/** The settings of the bulk API; config.ts includes them. */
export const bulkSettings = {
  enabled: boolean({
    default: false,
    means: "Deploy the bulk API with its workers and its broker; requires catchup:enabled.",
    because: "Its load balancer, broker and tasks cost money while idle; the catch-up API does not.",
  }),
  apiKey: optionalSecret({
    form: callersKey,
    means: "API key that callers of the bulk API send as X-API-Key; required if bulk:enabled is true.",
    because: "A shared default would not be secret.",
  }),
  board: boolean({
    default: false,
    means: "Serve pages of the queues (Bull Board, to look at only) at /admin/queues, behind the API key.",
    because: "GET /monitoring and `npm run bulk -- monitor` show what most need.",
  }),
  redisUrl: optionalSecret({
    form: {
      pattern: /^(rediss?|postgres(ql)?):\/\/\S+$/,
      says: "a URL that begins with redis://, rediss:// or postgres://",
    },
    means:
      "URL of an existing broker, with its password: Redis or Valkey with maxmemory-policy noeviction, or PostgreSQL.",
    because: "By default the stack creates its own Valkey.",
  }),
  redisPassword: optionalSecret({
    form: {
      pattern: /^[A-Za-z0-9!&#$^<>_-]{16,128}$/,
      says: "16 to 128 letters, digits and any of !&#$^<>_-",
    },
    means:
      "Password of the stack's own Valkey; required if bulk:enabled is true and bulk:redisUrl is not set.",
    because: "A shared default would not be secret.",
  }),
  host: oneOf({
    default: "ecs",
    values: ["ecs", "ec2"],
    means:
      "Where API and workers run: Fargate services, or machines of an Auto Scaling group with nginx and systemd.",
    because: "Fargate has no machine to keep up to date. Machines need no Docker; the local stack has none.",
  }),
  instanceType: oneOf({
    default: "m5.xlarge",
    values: ["t3.large", "m5.xlarge", "m5.2xlarge"],
    means: "Type of the machines of bulk:host ec2; each runs the API, and as many workers as it has vCPUs.",
    because:
      "Four workers keep a provider's usual rate limit busy; t3.large (2) is for trials, m5.2xlarge (8) for more.",
  }),
  port: integer({
    default: 8081,
    from: 1024,
    to: 65_535,
    means: "Port of the API's tasks, and of the load balancer while there is no certificate.",
    because: "It is an unprivileged port beside that of the query server.",
  }),
  certificateArn: optionalText({
    form: {
      pattern: /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/\S+$/,
      says: "the ARN of an ACM certificate",
    },
    means: "Certificate of the load balancer, which then listens with HTTPS on port 443.",
    because: "A certificate needs a domain; without one the API is for callers inside the VPC.",
  }),
  allowedCidrs: list({
    form: { pattern: /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, says: "an IPv4 range, as 203.0.113.0/24" },
    means:
      "Ranges of callers outside the VPC. With any, the load balancer has public addresses; they need bulk:certificateArn.",
    because: "By default only the VPC reaches the API.",
  }),
  requestsPerFiveMinutes: integer({
    default: 6000,
    from: 10,
    to: 2_000_000,
    means: "Requests per API key within five minutes beyond which WAF refuses a caller.",
    because: "They are twenty per second, far more than polling takes.",
  }),
  apiCount: integer({
    default: 2,
    from: 1,
    to: 20,
    means: "Number of API tasks on Fargate.",
    because: "One per zone, so that the API survives the loss of a zone.",
  }),
  workers: integer({
    default: 2,
    from: 1,
    to: 200,
    means: "Minimum number of worker processes.",
    because: "Two keep working while one is replaced.",
  }),
  maxWorkers: integer({
    default: 10,
    from: 1,
    to: 200,
    means: "Maximum number of worker processes, up to which waiting jobs scale them.",
    because: "Ten keep a provider's usual rate limit busy; more would mostly wait for it.",
  }),
  chunksPerWorker: integer({
    default: 1,
    from: 1,
    to: 8,
    means: "Chunks that a worker process works on at a time.",
    because: "A chunk takes up to 490 MB and a CPU; processes share neither.",
  }),
  workerCpu: oneOf({
    default: 1024,
    values: [512, 1024, 2048, 4096],
    means: "CPU units per worker on Fargate; 1024 are one vCPU.",
    because: "Reading and writing vectors as JSON takes most of one core.",
  }),
  workerMemoryMiB: integer({
    default: 2048,
    from: 1024,
    to: 30_720,
    means: "Memory per worker on Fargate.",
    because: "A process stays below 700 MB, and planning a file with many duplicates takes more for a while.",
  }),
  stopSeconds: integer({
    default: 120,
    from: 10,
    to: 120,
    means: "Time from SIGTERM to SIGKILL, in which a worker finishes its chunks.",
    because:
      "It is Fargate's maximum; a chunk that is not over is processed again and pays for nothing twice.",
  }),
  watchSeconds: integer({
    default: 60,
    from: 5,
    to: 3600,
    means: "How often workers look for open tasks without a job, as after the loss of the broker.",
    because: "It reads one index, and bounds how long a lost task waits.",
  }),
  taskDays: integer({
    default: 7,
    from: 1,
    to: 90,
    means:
      "Retention of tasks of the bulk API; their files expire with catchup:taskDays, which must not be shorter.",
    because: "A week leaves time to retry what failed.",
  }),
  sourceFolder: optionalText({
    form: { pattern: /^\/\S+$/, says: "an absolute path" },
    means:
      "For the local stack: a folder of this machine whose files are the sources, in place of the source bucket.",
    because: "Files of a deployed stack come through S3: its workers are Fargate tasks.",
  }),
  redisNodeType: oneOf({
    default: "cache.t4g.micro",
    values: ["cache.t4g.micro", "cache.t4g.small", "cache.t4g.medium", "cache.m7g.large"],
    means: "Node type of the stack's own Valkey.",
    because: "Jobs of a million rows take a few megabytes; about 12 USD per month.",
  }),
  redisReplicas: integer({
    default: 0,
    from: 0,
    to: 5,
    means: "Replicas of the stack's own Valkey, each in another zone, with automatic failover.",
    because: "No task is lost with the broker: the table of tasks dispatches them again.",
  }),
} as const;
