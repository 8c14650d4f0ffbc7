import { stopOnSignals } from '#cloud/platform/stop-on-signals.ts';
import { readConfig } from '#cloud/platform/config.ts';
import { startCloud } from '#cloud/start-cloud.ts';

/** `npm run cloud`: reads the environment (docs/operations.md), starts the cloud and says where it listens. */
const config = readConfig(process.env);
if (!config.ok) {
  for (const problem of config.error.problems) console.error(`environment: ${problem}`);
  process.exit(2);
}
const cloud = await startCloud({ config: config.value, environment: process.env }).catch(whyNot);
stopOnSignals(() => cloud.close());
console.log(`greentill cloud ready ${cloud.origin}`);

/** A setting of a channel, a folder in use, a database that is away: one line, and nothing is left running. */
function whyNot(cause: unknown): never {
  const text = cause instanceof Error ? cause.message : String(cause);
  console.error(`the cloud does not start: ${text.replace(/^invariant broken: /, '')}`);
  if (process.env['LOG_LEVEL'] === 'debug') console.error(cause);
  process.exit(2);
}
