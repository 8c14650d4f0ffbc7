import { parentPort, workerData } from 'node:worker_threads';
import { runStoreTask, type StoreTask } from '#terminal/agent/store/store-tasks.ts';

/** A thread for one task: copying and checking a file of years takes seconds, and no sale waits for it. */
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
parentPort?.postMessage(runStoreTask(workerData as StoreTask));
