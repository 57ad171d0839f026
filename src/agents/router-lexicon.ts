/**
 * The words that the Router knows, by what they say of a task. English only: in other languages length and structure decide alone.
 * Where a word stands twice, the later class wins.
 */
const wordsByClass = {
  /** Making or changing software as a whole, rather than one spot of it. */
  build:
    'implement implementing build building design designing redesign architect refactor refactoring rewrite rearchitect restructure ' +
    'migrate migrating optimise optimize optimising optimizing debug diagnose investigate integrate parallelise parallelize ' +
    'modularise modularize scale harden secure audit analyse analyze profile benchmark develop engineer extend overhaul upgrade ' +
    'automate deploy containerise containerize decouple split reproduce prove derive evaluate recommend train speed',
  /** Making something, of whatever size. */
  make: 'write create add generate make fix find set update change give put rework turn',
  /** Touching one spot, or repeating something known. */
  small:
    'typo typos spelling misspelling rename capitalise capitalize lowercase uppercase translate list show print say define spell bump ' +
    'remove delete sort convert reverse count comment semicolon whitespace indentation indent heading title colour color label ' +
    'wording synonym synonyms hello hi hey thanks ping link version copyright licence license import imports sentence word line oneline',
  /** Subjects on which small models are known to slip: many parts, time, failure, or people who attack. */
  hard:
    'architecture architectural distributed concurrent concurrency asynchronous race deadlock deadlocks threads multithreaded lock locks ' +
    'locking transaction transactions transactional consistency consensus replication sharding partition partitions idempotent ' +
    'microservice microservices service services kubernetes cluster scalable scalability availability failover failure failures recovery ' +
    'crash crashes resume retry retries backoff backpressure rollback downtime migration migrations schema backfill security secure ' +
    'vulnerability vulnerabilities encryption encrypted cryptography authentication authorization authorisation auth oauth oauth2 oidc ' +
    'sso jwt session sessions tenant multitenant permissions leak leaks memory latency throughput performance bottleneck bottlenecks ' +
    'p95 p99 load cache caching invalidation stream streaming websocket websockets realtime queue queues event events protocol parser ' +
    'compiler interpreter tokenizer scheduler allocator garbage collector algorithm optimal complexity index indexing search ranking ' +
    'pipeline pipelines orchestration observability tracing telemetry plugin sandbox sandboxing flaky intermittent regression ' +
    'sometimes randomly root cause tradeoff tradeoffs compatibility breaking offline sync synchronisation synchronization conflict ' +
    'conflicts crdt raft paxos mutex atomic',
  /** How wide a change reaches. */
  breadth:
    'system systems codebase module modules everywhere entire whole across monolith application app backend frontend framework library ' +
    'libraries engine platform infrastructure environments layers existing',
  /** What has to be proven of the result. */
  proof: 'test tests tested testing coverage benchmark benchmarks verify stress',
  /** Conditions on the result. */
  condition:
    'must only exactly without never unless except always every each all least most not should ensure sure given suppose such if ' +
    'whenever respectively handle handling keep keeping support supporting under within including cover covering',
  /** What joins several requirements. */
  join: 'and then also plus with so',
  /** What opens a question for a fact. */
  fact: 'what who whom whose when where which is are was were does do did can',
} as const;

export type WordClass = keyof typeof wordsByClass;

/** Every known word in lower case, with its class. */
export const lexicon: ReadonlyMap<string, WordClass> = new Map(
  (Object.keys(wordsByClass) as WordClass[]).flatMap((wordClass) =>
    wordsByClass[wordClass].split(' ').map((word): [string, WordClass] => [word, wordClass]),
  ),
);

/** Endings of file names that are counted as a file, in lower case, without the dot. */
export const fileEndings: ReadonlySet<string> = new Set(
  (
    'ts tsx js jsx mjs cjs mts cts py pyi rb go rs java kt kts scala swift c h cc cpp hpp cs php lua sh bash ps1 sql html css scss vue ' +
    'svelte json jsonc yaml yml toml ini env xml csv md mdx txt proto graphql tf dockerfile ipynb lock log pcap'
  ).split(' '),
);
