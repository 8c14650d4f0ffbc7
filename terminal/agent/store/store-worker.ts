import { parentPort, workerData } from 'node:worker_threads';
import { runStoreTask, type StoreTask } from '#terminal/agent/store/store-tasks.ts';

/** A thread for one task: copying and checking a file of years takes seconds, and no sale waits for it. */
parentPort?.postMessage(runStoreTask(workerData as StoreTask));
