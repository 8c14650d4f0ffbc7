import { fileModeProtector } from '#terminal/agent/identity/key-protector.ts';
import { runStoreCommand } from '#terminal/agent/store/store-command.ts';

/**
 * npm run store -- COMMAND --config FILE: the commands of store/store-command.ts for a till whose key the rights of its
 * file guard. Where the operating system's store does, the desktop program runs them (terminal/main/desktop-store.ts).
 */
const { exitCode, text } = await runStoreCommand(process.argv.slice(2), fileModeProtector);
(exitCode === 0 ? process.stdout : process.stderr).write(`${text}\n`);
process.exitCode = exitCode;
