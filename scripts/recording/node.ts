import { HOST_PATHS, replaced } from '../../testing/deployed';
import { page, type Recorder, startDeployed } from './recording';

/** The host on which the recording is made. */
export const recordNode: Recorder = async (ground) => {
  const exporter = await startDeployed(ground, 'node_exporter', {
    component: 'node-exporter',
    args: (deployed, port) => replaced(deployed, { '--web.listen-address': `127.0.0.1:${port}`, ...HOST_PATHS }),
  });
  return [{ job: 'node-exporter', tool: 'node_exporter', pages: [await page(exporter.url)], ofTheHost: true }];
};
