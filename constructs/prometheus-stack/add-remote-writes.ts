import { type Component, type Credentials, type SecretFiles, SettingError } from '../kit';
import type { RemoteWriteConfig } from './prometheus-config';
import {
  type RemoteWrite,
  type RemoteWriteSettings,
  remoteWriteConfig,
  remoteWriteDestinations,
  tokenKeys,
} from './remote-write';

/** Where the tokens of the receivers are. */
const CREDENTIALS_PATH = '/etc/prometheus/credentials';

/**
 * The configuration of every receiver. Mounts their tokens and opens the way to them.
 *
 * @throws SettingError when a receiver has a token and no Secret is named
 */
export function addRemoteWrites(
  component: Component,
  secrets: SecretFiles,
  {
    remoteWrites = [],
    credentials,
  }: { readonly remoteWrites?: readonly RemoteWrite[]; readonly credentials?: Credentials },
): readonly RemoteWriteConfig[] {
  const keys = tokenKeys(remoteWrites);
  if (keys.length > 0 && !credentials) {
    throw new SettingError('credentials', credentials, `name the Secret that holds ${keys.join(', ')}`);
  }
  if (keys.length > 0 && credentials) {
    component.addMount(credentials.files(CREDENTIALS_PATH, keys, true));
  }
  return remoteWrites.map((remoteWrite) => {
    const settings = secrets.resolve<RemoteWriteSettings>(
      'remoteWrites.config',
      'remote_write',
      remoteWrite.config ?? {},
    );
    for (const destination of remoteWriteDestinations(remoteWrite, settings)) {
      component.allowEgressTo(destination);
    }
    return remoteWriteConfig(remoteWrite, CREDENTIALS_PATH, settings);
  });
}
