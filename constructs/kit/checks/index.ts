/** Checks of settings. Each throws a SettingError that names the setting as the caller wrote it. */
export {
  checkCidrs,
  checkHost,
  checkPort,
  checkReachable,
  checkScheme,
  familyOf,
  isAddress,
  isClusterHost,
  privateHost,
} from './addresses';
export { checkCredentials } from './credentials';
export {
  checkExternalLabel,
  checkExternalLabels,
  checkedNamespaces,
  checkLabelValue,
  checkName,
  checkNamespace,
  checkObjectName,
  checkPodLabels,
  checkPortName,
  isObjectName,
} from './names';
export { checkCount, checkQuantity, parseBytes } from './quantities';
export { checkDuration, checkGoDuration, checkHours, type Hours, secondsOf } from './times';
