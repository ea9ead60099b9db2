import type { CheckName } from '../closure';
import type { Copy } from './copy';
import { BLACKBOX_CONFIG, GRAFANA, policyOf } from './names';

/** Manifests that the checks do not support. They throw an error instead of passing. */
export const unsupported: readonly {
  readonly what: string;
  readonly makes: (copy: Copy) => void;
  readonly check: CheckName;
  readonly message: string;
}[] = [
  {
    what: 'an expression in a selector',
    makes: (copy) => {
      copy.object(policyOf(GRAFANA)).spec.podSelector = {
        matchExpressions: [{ key: 'app.kubernetes.io/name', operator: 'In', values: ['grafana'] }],
      };
    },
    check: 'podSelectors',
    message: 'matchExpressions are not supported',
  },
  {
    what: 'a single file that is mounted',
    makes: (copy) => {
      copy.container(GRAFANA).volumeMounts[1].subPath = 'grafana.ini';
    },
    check: 'filePaths',
    message: 'by subPath, which is not supported',
  },
  {
    what: 'a file in an unknown format',
    makes: (copy) => {
      copy.object(BLACKBOX_CONFIG).data['config.toml'] = '';
    },
    check: 'connections',
    message: 'the format of config.toml is not supported',
  },
];
