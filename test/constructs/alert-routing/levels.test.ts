import type { AlertRoutingProps } from '../../../constructs';
import { settingError } from '../../support/setting-error';
import { config, receiverOf, rendered, routesOf } from './sample';

const LEVELS = {
  page: { slack: ['#page'], answerWithinMinutes: 0 },
  ticket: { slack: ['#ticket'], answerWithinMinutes: 600 },
  whenever: { slack: ['#whenever'] },
};

describe('Levels and teams with words of your own', () => {
  const manifests = rendered({
    levels: LEVELS,
    teams: {
      checkout: { slack: ['#checkout'] },
      database: { slack: ['#dba'] },
      night: { slack: ['#night'], businessHoursOnly: true },
    },
  });
  const routes = routesOf(manifests);
  const route = (receiver: string) => routes.find((candidate) => candidate.receiver === receiver)!;

  test('have a route and a receiver each, those of the shipped rules first', () => {
    expect(routes.map(({ receiver, matchers }) => [receiver, ...matchers!])).toEqual([
      ['nobody', 'alertname = "Watchdog"'],
      ['team-night', 'category = "night"'],
      ['team-database', 'category = "database"'],
      ['team-checkout', 'category = "checkout"'],
      ['level-page', 'severity = "page"'],
      ['level-ticket', 'severity = "ticket"'],
      ['level-whenever', 'severity = "whenever"'],
      ['fallback', 'severity !~ "page|ticket|whenever"'],
    ]);
    expect(receiverOf(manifests, 'team-checkout').slack_configs).toMatchObject([{ channel: '#checkout' }]);
    expect(route('team-checkout').routes!.map(({ matchers }) => matchers)).toEqual([
      ['severity = "page"'],
      ['severity = "ticket"'],
      ['severity = "whenever"'],
    ]);
  });

  test('notify as their answer times ask, without one as for half an hour', () => {
    expect(route('level-page')).toMatchObject({ group_wait: '10s', repeat_interval: '30m' });
    expect(route('level-ticket')).toMatchObject({ group_wait: '1m', repeat_interval: '8h' });
    expect(route('level-whenever')).toMatchObject({ group_wait: '30s', repeat_interval: '2h' });
  });

  test('send alerts of unknown severity to the most urgent level, where no level is called high', () => {
    expect(receiverOf(manifests, 'fallback').slack_configs).toMatchObject([{ channel: '#page' }]);
  });
});

test('A level has its own timing, as far as it says', () => {
  const levels = { high: { slack: ['#high'], timing: { repeat_interval: '12h' } } };
  expect(routesOf(rendered({ levels })).find(({ receiver }) => receiver === 'level-high')).toMatchObject({
    group_wait: '30s',
    group_interval: '5m',
    repeat_interval: '12h',
  });
});

test('An answer time beside a word of the shipped rules counts', () => {
  const levels = { high: { slack: ['#high'], answerWithinMinutes: 1440 } };
  expect(config(rendered({ levels })).route.routes.at(-2)).toMatchObject({ repeat_interval: '24h' });
});

describe('A word or an answer time that cannot work is refused', () => {
  const slack = ['#alerts'];
  test.each<[string, Partial<AlertRoutingProps>, string]>([
    ['no level', { levels: {} }, 'levels is {}: name the recipients of at least one severity'],
    [
      'a level',
      { levels: { 'p1|p2': { slack } } },
      'levels is "p1|p2": write a word of letters, digits, dashes and underscores',
    ],
    ['a team', { teams: { 'data base': { slack } } }, 'teams is "data base": write a word of letters'],
    [
      'an answer time',
      { levels: { page: { slack, answerWithinMinutes: -5 } } },
      'levels.page.answerWithinMinutes is -5: write a number of minutes',
    ],
    [
      'a level without a channel',
      { levels: { page: { slack: [] } } },
      'levels.page is {"slack":[]}: these alerts would',
    ],
  ])('%s', (_what, props, message) => {
    expect(settingError(() => rendered(props)).message).toContain(message);
  });
});
