export { DAY, DAYS, HOUR, MINUTE, START } from './calendar';
export { World } from './world';
