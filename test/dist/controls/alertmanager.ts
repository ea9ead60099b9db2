import type { Part } from '../graph/pods';
import type { Controls, Copy } from './copy';
import { ALERTMANAGER, ALERTMANAGER_CONFIG, ALERTMANAGER_TEMPLATES } from './names';

function edit(copy: Copy, change: (config: Part) => void): void {
  copy.edit(ALERTMANAGER_CONFIG, 'alertmanager.yml', change);
}

export const receivers: Controls = [
  {
    when: 'a route deep in the tree leads nowhere',
    breaks: (copy) =>
      edit(copy, ({ route }) => {
        const team = route.routes.find(({ receiver }: Part) => receiver === 'team-business');
        team.routes[0].receiver = 'team-busines';
      }),
    problems: [`${ALERTMANAGER}: a route leads to team-busines, which is not a receiver`],
  },
  {
    when: 'no route leads to a receiver',
    breaks: (copy) =>
      edit(copy, ({ receivers }) => {
        receivers.push({ name: 'team-payments' });
      }),
    problems: [`${ALERTMANAGER}: no route leads to receiver team-payments`],
  },
  {
    when: 'the root route has no receiver',
    breaks: (copy) =>
      edit(copy, ({ route }) => {
        delete route.receiver;
      }),
    problems: [`${ALERTMANAGER}: the first route has no receiver`],
  },
];

export const templates: Controls = [
  {
    when: 'a receiver uses a template that is not defined',
    breaks: (copy) =>
      edit(copy, ({ receivers }) => {
        receivers[0].slack_configs[0].footer =
          '{{ template "monitoring.footer" . }}{{ template "slack.default.footer" . }}';
      }),
    problems: [`${ALERTMANAGER}: template monitoring.footer is used but not defined`],
  },
  {
    when: 'a template uses another that is not defined',
    breaks: (copy) =>
      copy.replace(
        ALERTMANAGER_TEMPLATES,
        'monitoring.tmpl',
        '{{ define "monitoring.silence" -}}',
        '{{ define "monitoring.silence.link" -}}',
      ),
    problems: [
      `${ALERTMANAGER}: template monitoring.silence is used but not defined`,
      `${ALERTMANAGER}: template monitoring.silence.link is defined but not used`,
    ],
  },
  {
    when: 'a template is used nowhere',
    breaks: (copy) => {
      copy.object(ALERTMANAGER_TEMPLATES).data['more.tmpl'] = '{{- define "monitoring.teams" }}{{ .Status }}{{ end }}';
    },
    problems: [`${ALERTMANAGER}: template monitoring.teams is defined but not used`],
  },
  {
    when: 'a file of templates is not loaded',
    breaks: (copy) => {
      const { data } = copy.object(ALERTMANAGER_TEMPLATES);
      data['sms.txt.tmpl'] = '{{ define "monitoring.sms.short" }}{{ end }}';
      edit(copy, (config) => {
        config.templates = ['/etc/alertmanager/templates/monitoring.tmpl'];
        config.receivers[0].slack_configs[0].footer = '{{ template "monitoring.sms.short" . }}';
      });
    },
    problems: [`${ALERTMANAGER}: template monitoring.sms.short is used but not defined`],
  },
];

export const timeIntervals: Controls = [
  {
    when: 'a route names an interval that is not defined',
    breaks: (copy) =>
      edit(copy, ({ route }) => {
        route.routes[2].mute_time_intervals = ['weekends'];
      }),
    problems: [`${ALERTMANAGER}: a route names the time interval weekends, which is not defined`],
  },
  {
    when: 'an interval is renamed',
    breaks: (copy) =>
      edit(copy, ({ time_intervals }) => {
        time_intervals[0].name = 'office-hours';
      }),
    problems: [
      `${ALERTMANAGER}: a route names the time interval business-hours, which is not defined`,
      `${ALERTMANAGER}: no route names the time interval office-hours`,
    ],
  },
];

export const namedAlerts: Controls = [
  {
    when: 'an inhibition mutes an alert that does not exist',
    breaks: (copy) =>
      copy.replace(ALERTMANAGER_CONFIG, 'alertmanager.yml', 'ProbeFlapping|ProbeSlow', 'ProbeFlapping|ProbeLate'),
    problems: [`${ALERTMANAGER}: inhibition ProbeFailed names the alert ProbeLate, which no rule fires`],
  },
  {
    when: 'the source of an inhibition is gone',
    breaks: (copy) =>
      copy.edit('ConfigMap sightedit-monitoring/prometheus-rules-nodes', 'nodes.yaml', ({ groups }) => {
        for (const group of groups) {
          group.rules = group.rules.filter(({ alert }: Part) => alert !== 'NodeNotReady');
        }
      }),
    // It is the source of two inhibitions.
    problems: Array(2).fill(
      `${ALERTMANAGER}: inhibition NodeNotReady names the alert NodeNotReady, which no rule fires`,
    ),
  },
  {
    when: 'a route is for an alert that does not exist',
    breaks: (copy) =>
      edit(copy, ({ route }) => {
        route.routes[0].matchers = ['alertname = "WatchDog"'];
      }),
    problems: [`${ALERTMANAGER}: a route names the alert WatchDog, which no rule fires`],
  },
];
