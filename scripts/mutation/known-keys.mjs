import crypto from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

/**
 * Tests start with new RSA keys, which cost more than all the rest of a run; over a thousand runs would make the same ones.
 * The first run keeps its keys in a folder, and later runs take them from there: the n-th key of a kind is the same in each run.
 */
const folder = process.env.DIRGATE_MUTATION_KEYS;
const KNOWN = Symbol.for('dirgate.known-keys');

// Files share a process, and this is run for each of them.
if (crypto.generateKeyPairSync[KNOWN] === undefined) {
  crypto.generateKeyPairSync = remembering(crypto.generateKeyPairSync);
  syncBuiltinESMExports();
}

function remembering(generate) {
  const asked = new Map();
  const known = (type, options) => {
    const names = Object.keys(options ?? {});
    if (type !== 'rsa' || names.some((name) => name !== 'modulusLength' && name !== 'publicExponent'))
      return generate(type, options);
    const kind = `${options.modulusLength}-${options.publicExponent ?? 65537}`;
    const number = (asked.get(kind) ?? 0) + 1;
    asked.set(kind, number);
    const path = join(folder, `${kind}-${number}.pem`);
    if (!existsSync(path)) {
      // Two runners may be here at once, and neither may read half a key.
      const part = `${path}.${process.pid}`;
      writeFileSync(part, generate(type, options).privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
      renameSync(part, path);
    }
    const privateKey = crypto.createPrivateKey(readFileSync(path, 'utf8'));
    return { privateKey, publicKey: crypto.createPublicKey(privateKey) };
  };
  return Object.assign(known, { [KNOWN]: true });
}
