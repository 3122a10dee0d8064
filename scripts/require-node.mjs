// Imported first, and written so that an old Node can parse it: the sentence below shall be all that its user reads.
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `dirgate needs Node 20.19 or newer; this is Node ${process.versions.node}. Install a newer Node and run the command again.`,
  );
  process.exit(2);
}
