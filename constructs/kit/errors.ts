export { SettingError } from '../../remediation/setting-error';
