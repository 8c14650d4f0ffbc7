import { stopOnSignals } from '#cloud/platform/stop-on-signals.ts';
import { readConfig } from '#cloud/platform/config.ts';
import { startCloud } from '#cloud/start-cloud.ts';

/** `npm run cloud`: reads the environment (docs/operations.md), starts the cloud and says where it listens. */
const config = readConfig(process.env);
if (!config.ok) {
  for (const problem of config.error.problems) console.error(`environment: ${problem}`);
  process.exit(2);
}
const cloud = await startCloud({ config: config.value, environment: process.env });
stopOnSignals(() => cloud.close());
console.log(`greentill cloud ready ${cloud.origin}`);
