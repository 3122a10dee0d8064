export { demoTable } from './demo-table.js';
export type { DemoWorldOptions, Listener } from './demo-world.js';
export { DemoWorld } from './demo-world.js';
export type { Row, RowResult } from './table.js';
export { runRow } from './table.js';
