export { Controller } from './controller';
export { expireRecords, type HousekeepingProps, measure } from './housekeeping';
