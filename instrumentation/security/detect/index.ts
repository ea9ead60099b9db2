export type { InspectionContext } from './decode';
export { isSqlInjection } from './sql';
export { isPathTraversal } from './traversal';
export { isXss } from './xss';
