import { registerAdminIdentityRoutes } from '#cloud/identity/admin-routes.ts';
import { registerIdentityRoutes } from '#cloud/identity/routes.ts';
import { registerJournalRoutes } from '#cloud/journal/routes.ts';
import { registerOrderRoutes } from '#cloud/orders/routes.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { createHttpShell } from '#cloud/platform/http-shell.ts';

/** What the app tells the workers of this process: look now instead of at the next tick. */
export interface CloudEvents {
  readonly onJournalTaken: () => void;
}

/** Every route of the cloud, registered by name. Workers are started apart (workers.ts): a test may want none. */
export async function buildApp(deps: CloudDeps, events: CloudEvents): Promise<CloudApp> {
  const app = await createHttpShell(deps);
  registerIdentityRoutes(app, deps);
  registerAdminIdentityRoutes(app, deps);
  registerJournalRoutes(app, deps, { onTaken: events.onJournalTaken });
  registerOrderRoutes(app, deps);
  return app;
}
