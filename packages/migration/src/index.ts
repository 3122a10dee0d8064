// For users.
export type { CasbinProblem, CasbinProblemCode } from './casbin-import-error.js';
export { CasbinImportError } from './casbin-import-error.js';
export type { CasbinImport, ImportCasbinOptions } from './import-casbin.js';
export { importCasbin } from './import-casbin.js';
export type { CasbinRuleReport, KnownNames } from './rule-report.js';
