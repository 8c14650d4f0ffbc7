import type { OperatorId } from '#shared/ids/ids.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { CloudKeys } from '#cloud/identity/cloud-keys.ts';
import type { TerminalRegistry } from '#cloud/identity/terminal-registry.ts';
import type { CloudConfig } from '#cloud/platform/config.ts';
import type { Db } from '#cloud/platform/db.ts';
import type { Hints } from '#cloud/platform/hints-port.ts';
import type { Logger } from '#cloud/platform/logger.ts';
import type { Metrics } from '#cloud/platform/metrics.ts';

/**
 * Everything a domain of the cloud may be given. Domains take the part they need
 * (`Pick<CloudDeps, …>`).
 */
export interface CloudDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly hints: Hints;
  readonly terminals: TerminalRegistry;
  /** The operator whom the admin routes act for. */
  readonly operatorId: OperatorId;
  readonly operatorToken: string;
  readonly keys: CloudKeys;
  readonly config: CloudConfig;
}
