import { createServer } from 'node:http';
import { join } from 'node:path';
import { loadPouch, loadPouchServer } from './pouch.ts';

/** A process of its own: express-pouchdb over LevelDB in the folder of the first argument. */
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: pouch-server.ts FOLDER');
const handler = loadPouchServer()(loadPouch().defaults({ prefix: `${folder}/` }), {
  mode: 'minimumForPouchDB',
  inMemoryConfig: true,
  logPath: join(folder, 'pouch.log'),
});
const server = createServer((request, response) => handler(request, response));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  console.log(`ready http://127.0.0.1:${port}`);
});
