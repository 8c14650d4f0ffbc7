import { afterAll, beforeAll } from 'vitest';
import { assert } from '#shared/result/assert.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';

/** A test cloud that answers on a port of this machine; `activateTestTerminal` and `admin` take it as it is. */
export interface ListeningCloud extends Omit<TestCloud, 'close'> {
  readonly app: CloudApp;
  readonly origin: string;
  readonly operatorToken: string;
}

/**
 * A cloud of its own for a test file, open before its hooks and tests and closed after them. Its parts may only be
 * read inside those: while the file is collected there is none yet. `overrides` as in {@link createTestCloud}.
 */
export function useTestCloud(overrides: Partial<CloudDeps> = {}): ListeningCloud {
  let open: (TestCloud & { readonly app: CloudApp; readonly origin: string }) | null = null;
  const house = () => {
    assert(open !== null, () => 'the test cloud is there in hooks and tests only');
    return open;
  };
  beforeAll(async () => {
    const cloud = await createTestCloud(overrides);
    const app = await buildTestApp(cloud);
    open = { ...cloud, app, origin: await app.listen({ host: '127.0.0.1', port: 0 }) };
  });
  afterAll(async () => {
    await open?.app.close();
    await open?.close();
  });
  return {
    get deps() {
      return house().deps;
    },
    get databaseUrl() {
      return house().databaseUrl;
    },
    get app() {
      return house().app;
    },
    get origin() {
      return house().origin;
    },
    operatorToken: testOperatorToken,
    log: () => house().log(),
  };
}
