import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BIN } from '../../tools/catalogue';
import { waitFor } from '../server';
import { API_PORT, CONTROL_PLANE, logDirectory, POD_CIDR, SERVICE_CIDR } from './layout';
import { background, entering, execute } from './namespaces';

/** URL of etcd, which serves its metrics there, on the loopback of the cluster's network. */
export const ETCD = 'http://127.0.0.1:2379';
/** Ports of the metrics of scheduler and controllers, on the same loopback. */
export const SCHEDULER_PORT = 10259;
export const CONTROLLERS_PORT = 10257;

/** Starts etcd, kube-apiserver, kube-controller-manager and kube-scheduler in the namespaces of `holder`. */
export async function startControlPlane(holder: number, directory: string): Promise<void> {
  const logs = logDirectory();
  mkdirSync(logs, { recursive: true });
  const start = (name: string, ...args: readonly string[]) =>
    background(
      entering(holder, ['net', 'pid', 'mount'], ['sh', join(__dirname, 'keep.sh'), join(BIN, name), ...args]),
      join(logs, `${name}.log`),
    );
  const certificates = join(directory, 'certificates');
  const serviceAccounts = join(certificates, 'service-accounts.key');
  start(
    'etcd',
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${ETCD}`,
    `--advertise-client-urls=${ETCD}`,
    '--listen-peer-urls=http://127.0.0.1:2380',
    '--initial-advertise-peer-urls=http://127.0.0.1:2380',
    '--initial-cluster=default=http://127.0.0.1:2380',
    '--unsafe-no-fsync',
  );
  start(
    'kube-apiserver',
    `--etcd-servers=${ETCD}`,
    `--bind-address=${CONTROL_PLANE}`,
    `--advertise-address=${CONTROL_PLANE}`,
    `--secure-port=${API_PORT}`,
    `--tls-cert-file=${join(certificates, 'apiserver.crt')}`,
    `--tls-private-key-file=${join(certificates, 'apiserver.key')}`,
    `--client-ca-file=${join(certificates, 'ca.crt')}`,
    `--token-auth-file=${join(directory, 'credentials', 'tokens.csv')}`,
    `--kubelet-client-certificate=${join(certificates, 'kubelet-client.crt')}`,
    `--kubelet-client-key=${join(certificates, 'kubelet-client.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--service-cluster-ip-range=${SERVICE_CIDR}`,
    `--service-account-key-file=${serviceAccounts}`,
    `--service-account-signing-key-file=${serviceAccounts}`,
    '--service-account-issuer=https://kubernetes.default.svc',
  );
  await waitFor('the API server', () => isReady(holder, directory), { timeoutSeconds: 120 });
  const credentialsOf = (name: string) => {
    const file = join(directory, 'credentials', `${name}.kubeconfig`);
    return [`--kubeconfig=${file}`, `--authentication-kubeconfig=${file}`, `--authorization-kubeconfig=${file}`];
  };
  start(
    'kube-controller-manager',
    ...credentialsOf('kube-controller-manager'),
    '--bind-address=127.0.0.1',
    `--secure-port=${CONTROLLERS_PORT}`,
    `--cert-dir=${join(directory, 'controllers')}`,
    '--leader-elect=false',
    '--use-service-account-credentials',
    `--service-account-private-key-file=${serviceAccounts}`,
    `--root-ca-file=${join(certificates, 'ca.crt')}`,
    `--cluster-signing-cert-file=${join(certificates, 'ca.crt')}`,
    `--cluster-signing-key-file=${join(certificates, 'ca.key')}`,
    `--cluster-cidr=${POD_CIDR}`,
    // CNI hands out the addresses.
    '--allocate-node-cidrs=false',
    // A lost node is noticed in seconds, so that tests need not wait for the default of 50.
    '--node-monitor-grace-period=16s',
  );
  start(
    'kube-scheduler',
    ...credentialsOf('kube-scheduler'),
    '--bind-address=127.0.0.1',
    `--secure-port=${SCHEDULER_PORT}`,
    `--cert-dir=${join(directory, 'scheduler')}`,
    '--leader-elect=false',
  );
}

async function isReady(holder: number, directory: string): Promise<boolean> {
  const kubectl = [
    join(BIN, 'kubectl'),
    `--kubeconfig=${join(directory, 'credentials', 'admin.kubeconfig')}`,
    'get',
    '--raw=/readyz',
  ];
  return (await execute(entering(holder, ['net'], kubectl))) === 'ok';
}
