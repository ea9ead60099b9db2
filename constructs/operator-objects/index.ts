export { OperatorObjects, type OperatorObjectsProps } from './operator-objects';
export { OperatorObjectsError } from './problems';
