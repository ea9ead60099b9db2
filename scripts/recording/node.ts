import { HOST_PATHS, replaced } from '../../testing/deployed';
import { page, type Recorder, startDeployed } from './recording';

/** node_exporter on the host that records. */
export const recordNode: Recorder = async (context) => {
  const exporter = await startDeployed(context, 'node_exporter', {
    component: 'node-exporter',
    args: (deployed, port) => replaced(deployed, { '--web.listen-address': `127.0.0.1:${port}`, ...HOST_PATHS }),
  });
  return [{ job: 'node-exporter', tool: 'node_exporter', pages: [await page(exporter.url)], dependsOnHost: true }];
};
