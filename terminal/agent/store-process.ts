import { storeArgsOf, storeOutcomeMessage } from '#terminal/ipc/store-command.ts';
import { heardFromHost } from '#terminal/agent/desktop-host.ts';
import { fileModeProtector } from '#terminal/agent/identity/key-protector.ts';
import { runStoreCommand } from '#terminal/agent/store/store-command.ts';

/**
 * The commands of store/store-command.ts as a process that the desktop app starts, because it alone is let into the key
 * store of the operating system. Says what came of it in one message; the host ends it.
 */
const { port, keyProtector } = await heardFromHost();
const args = storeArgsOf(process.argv) ?? [];
port.post(storeOutcomeMessage(await runStoreCommand(args, keyProtector ?? fileModeProtector)));
