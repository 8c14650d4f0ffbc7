// Refuses a Node that cannot run this program, before a native module is loaded: better-sqlite3 13 dies without a
// word on Node 20, and TypeScript is run by Node itself (type stripping, on by default since 22.18).
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Greentill needs Node 22.18 or newer; this is ${process.versions.node}. ` +
      'Run it through npm (npm start, npm test): npm ci installs the right Node for Linux and Windows.',
  );
  process.exit(1);
}
