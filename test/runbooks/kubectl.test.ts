import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifests } from '../../testing/manifests';
import { ROOT } from '../../tools/catalogue';
import { kubectlProblems } from './kubectl/check';
import { knownObjects } from './kubectl/objects';
import { kubectlCommands } from './kubectl/shell';

const RUNBOOKS = join(ROOT, 'runbooks');
const known = knownObjects(readManifests());
const texts = readdirSync(RUNBOOKS)
  .filter((file) => file.endsWith('.md'))
  .map((file) => [file, readFileSync(join(RUNBOOKS, file), 'utf8')] as const);

describe('The commands of kubectl', () => {
  test.each(texts)('in %s name objects that exist', (_, text) => {
    expect(kubectlProblems(text, known)).toEqual([]);
  });

  test('are found', () => {
    expect(texts.flatMap(([, text]) => kubectlCommands(text)).length).toBeGreaterThan(800);
  });
});

describe('A command of kubectl', () => {
  const block = (command: string) => `Look:\n\n\`\`\`bash\n${command}\n\`\`\`\n`;
  const problems = (markdown: string) =>
    kubectlProblems(markdown, known).map((problem) => problem.replace(/^.*?: kubectl .*?: /, ''));
  const MONITORING = '-n sightedit-monitoring';

  test.each([
    ['an unknown kind', 'get podz -n sightedit', 'the kind podz is unknown'],
    ['an unknown verb', `restart pod/prometheus-0 ${MONITORING}`, 'the verb restart is unknown'],
    ['an unknown option', 'get pods --namespaze sightedit', 'the option --namespaze is unknown'],
    ['an unknown namespace', 'get pods -n sightedit-monitor', 'there is no namespace sightedit-monitor'],
    ['no namespace', 'rollout undo deployment/sightedit-backend', 'Deployment has no namespace: write --namespace'],
    [
      'an object of another kind',
      `rollout restart deployment/prometheus ${MONITORING}`,
      'there is no Deployment prometheus in sightedit-monitoring',
    ],
    [
      'an object of another namespace',
      'rollout undo daemonset/node-exporter -n sightedit-monitoring',
      'there is no DaemonSet node-exporter in sightedit-monitoring',
    ],
    [
      'one wrong name of several',
      'rollout pause deployment/sightedit-cdn deployment/shop -n sightedit',
      'there is no Deployment shop in sightedit',
    ],
    [
      'a member that does not exist',
      `delete pod alertmanager-3 ${MONITORING}`,
      'there is no Pod alertmanager-3 in sightedit-monitoring',
    ],
    [
      'a claim that does not exist',
      `get pvc prometheus-0 ${MONITORING}`,
      'there is no PersistentVolumeClaim prometheus-0 in sightedit-monitoring',
    ],
    [
      'an unknown autoscaler',
      'patch hpa sightedit-backend -n sightedit -p x',
      'there is no HorizontalPodAutoscaler sightedit-backend in sightedit',
    ],
    ['a wrong label', 'logs -n sightedit -l app=redis', 'no Pod has the labels app=redis in sightedit'],
    [
      'labels that no single pod has',
      'get pods -n sightedit -l app.kubernetes.io/name=redis,app.kubernetes.io/component=backend',
      'no Pod has the labels app.kubernetes.io/name=redis,app.kubernetes.io/component=backend in sightedit',
    ],
    [
      'a Service without slices',
      'get endpointslices -n sightedit -l kubernetes.io/service-name=redis',
      'no EndpointSlice has the labels kubernetes.io/service-name=redis in sightedit',
    ],
    ['a wrong container', `logs prometheus-0 ${MONITORING} -c server`, 'there is no container server, only prometheus'],
    [
      'a wrong port',
      `port-forward service/grafana 3001:3002 ${MONITORING}`,
      'nothing listens on port 3002, only on 3000',
    ],
    ['no port', `port-forward prometheus-0 ${MONITORING}`, 'no port is named'],
    [
      'a CronJob that does not exist',
      'create job again -n sightedit --from=cronjob/backup',
      'there is no CronJob backup in sightedit',
    ],
    ['a Job that the runbook did not create', 'logs job/again -n sightedit', 'there is no Job again in sightedit'],
  ])('is reported with %s', (_, command, problem) => {
    expect(problems(block(`kubectl ${command}`))).toEqual([problem]);
  });

  test.each([
    ['in a pipe', 'date | sort && kubectl get podz -n sightedit | tail'],
    ['after a line continuation', 'kubectl get \\\n  podz -n sightedit'],
    ['in a loop', 'for n in a b; do kubectl get podz -n sightedit; done'],
    ['in another command', 'kubectl cordon $(kubectl get podz -n sightedit -o name)'],
  ])('is found %s', (_, code) => {
    expect(problems(block(code))).toEqual(['the kind podz is unknown']);
  });

  test('is found in prose', () => {
    expect(problems('Undo with `kubectl rollout undo deployment/shop -n sightedit`.')).toEqual([
      'there is no Deployment shop in sightedit',
    ]);
  });

  test.each([
    ['a placeholder for a name', block('kubectl delete pod <pod> -n sightedit')],
    ['a placeholder for the namespace', block('kubectl rollout undo deployment/<deployment> --namespace <namespace>')],
    ['a variable', block('kubectl logs -n $ns $pod')],
    [
      'a Job that the runbook creates',
      block(
        'kubectl create job again -n sightedit --from=cronjob/postgres-backup\nkubectl logs job/again -n sightedit',
      ),
    ],
    [
      'a program that runs in the container',
      block(`kubectl exec prometheus-0 ${MONITORING} -c prometheus -- ls --color`),
    ],
    ['a verb without an object in prose', 'Undo with `kubectl rollout undo`, or `kubectl uncordon <node>`.'],
    ['another program', block('kubectl-patch; echo "kubectl get podz"')],
  ])('may have %s', (_, markdown) => {
    expect(problems(markdown)).toEqual([]);
  });

  test('is reported with its line', () => {
    expect(kubectlProblems(block('kubectl get podz -n sightedit'), known)).toEqual([
      'line 4: kubectl get podz -n sightedit: the kind podz is unknown',
    ]);
  });
});
