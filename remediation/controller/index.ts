export { Controller, type ControllerProps } from './controller';
export { expireRecords, type HousekeepingProps, measure } from './housekeeping';
export { failUndecided, reportAgain, step } from './steps';
export { Sweep } from './sweep';
