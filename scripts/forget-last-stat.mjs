import { statSync } from 'node:fs';

// `realpathSync` of Node (20 and 22) looks at what the last plain `statSync` or `rmSync` of the process saw, and follows no link when that
// was a socket or a pipe. The next test file would load packages by their links, and some of them twice.
statSync('/');
