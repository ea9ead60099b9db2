// Tries connections, all at once. Reads a list of {host, port, protocol} from its argument; prints a list of whether
// each is open. Runs in the network of a pod. A UDP port counts as open when it answers a DNS query.
const { createSocket } = require('node:dgram');
const { connect } = require('node:net');

const TIMEOUT_MS = 3000;
/** A query for the name `kubernetes.default.svc.cluster.local`, type A. */
const QUERY = Buffer.concat([
  Buffer.from('123401000001000000000000', 'hex'),
  ...'kubernetes.default.svc.cluster.local'
    .split('.')
    .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
  Buffer.from([0, 0, 1, 0, 1]),
]);

const tcp = ({ host, port }) =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (open) => {
      socket.destroy();
      resolve(open);
    };
    socket.setTimeout(TIMEOUT_MS, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });

const udp = ({ host, port }) =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (open) => {
      clearTimeout(timer);
      socket.close();
      resolve(open);
    };
    const timer = setTimeout(() => end(false), TIMEOUT_MS);
    socket.once('message', () => end(true));
    socket.once('error', () => end(false));
    socket.send(QUERY, port, host);
  });

Promise.all(JSON.parse(process.argv[2]).map((target) => (target.protocol === 'UDP' ? udp(target) : tcp(target)))).then(
  (open) => process.stdout.write(JSON.stringify(open)),
);
