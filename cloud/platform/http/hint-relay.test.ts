import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from 'drizzle-orm';
import { io } from 'socket.io-client';
import { createHintServer, type HintServer } from '#cloud/platform/http/hints.ts';
import { activateTestTerminal, type TestTerminal } from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';

/**
 * Two nodes on one database: the terminal is connected to the first, the second learns something.
 */
const cloud = useTestCloud();
let nodes: readonly HintServer[];
let terminal: TestTerminal;
let pulls = 0;
/** Which node was told of which terminal. */
const heard: string[] = [];
let socket: ReturnType<typeof io>;

beforeAll(async () => {
  nodes = [createHintServer(), createHintServer()];
  nodes[0]!.attach(cloud.app.server, { deps: cloud.deps });
  const { databaseUrl, deps } = cloud;
  for (const [index, node] of nodes.entries()) {
    const onTold = (terminalId: string): void => void heard.push(`${index} ${terminalId}`);
    await node.join({ databaseUrl, logger: deps.logger, onTold });
  }
  terminal = await activateTestTerminal(cloud);
  const auth = terminal.sign('GET', '/hints');
  socket = io(cloud.origin, {
    path: '/hints',
    transports: ['websocket'],
    auth,
    reconnection: false,
  });
  socket.on('pull', () => (pulls += 1));
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve);
  });
});
afterAll(async () => {
  socket.close();
  for (const node of nodes) await node.close();
});

const pull = (node: number): void =>
  nodes[node]!.pull({ operatorId: cloud.deps.operatorId, terminalId: terminal.terminalId });

test('a hint of one node reaches the terminal at another, once for a burst, and the own one is not doubled', async () => {
  for (let times = 0; times < 5; times += 1) pull(1);
  await expect.poll(() => pulls).toBe(1);
  expect(heard).toEqual([`0 ${terminal.terminalId}`]);
  pull(0);
  await expect.poll(() => pulls).toBe(2);
  await new Promise((resolve) => {
    setTimeout(resolve, 100);
  });
  expect(pulls).toBe(2);
});

test('after the database cut the connections the nodes find each other again', async () => {
  await cloud.deps.db.execute(sql`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'greentill-hints' and datname = current_database()`);
  const before = pulls;
  await expect
    .poll(
      () => {
        pull(1);
        return pulls;
      },
      { timeout: 10_000, interval: 100 },
    )
    .toBeGreaterThan(before);
});
