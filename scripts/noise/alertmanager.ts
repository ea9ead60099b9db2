import type { AlertmanagerConfig, InhibitRule, Receiver, Route } from '../../formats/alertmanager';
import { isMatched } from '../alerts/routing';
import { type Episode, keyOf, type Labels, secondsOf } from './alert-state';
import { isActive } from './time-intervals';

/** A message that a receiver's integration was sent. */
export interface Message {
  /** Seconds of Unix time. */
  readonly time: number;
  readonly receiver: string;
  /** Kind of the integration, e.g. `slack`. */
  readonly integration: string;
  readonly firing: readonly Labels[];
  readonly resolved: readonly Labels[];
}

/** A route with the settings that it inherits. */
interface Leaf {
  readonly path: string;
  readonly receiver: string;
  readonly groupBy: readonly string[];
  readonly wait: number;
  readonly interval: number;
  readonly repeat: number;
  readonly activeIn: readonly string[];
  readonly mutedIn: readonly string[];
}

interface Integration {
  readonly kind: string;
  readonly sendsResolved: boolean;
}

/** What the notification log has of a group and an integration. */
interface Entry {
  readonly time: number;
  readonly firing: ReadonlySet<string>;
  readonly resolved: ReadonlySet<string>;
}

/** Receivers that are programs. */
export const PROGRAM = /^(remediation-webhook|dead-mans-switch)/;

/** Integrations that announce the end of an alert unless told otherwise. */
const RESOLVE_BY_DEFAULT = ['pagerduty', 'webhook', 'sns', 'opsgenie', 'victorops', 'telegram', 'discord'];

/**
 * The messages that one Alertmanager sends for alerts: routes, groups, inhibitions, time intervals, repetitions and
 * resolves. A test compares them with those of a real one.
 *
 * @param until end of the simulation, in seconds of Unix time
 * @see https://prometheus.io/docs/alerting/latest/configuration/
 */
export function messagesOf(
  config: AlertmanagerConfig,
  episodes: readonly Episode[],
  until: number,
): readonly Message[] {
  const groups = new Map<string, { leaf: Leaf; episodes: Episode[] }>();
  for (const episode of episodes) {
    for (const leaf of leavesOf(config.route, episode.labels)) {
      const key = `${leaf.path} ${groupOf(leaf, episode.labels)}`;
      const group = groups.get(key) ?? { leaf, episodes: [] };
      group.episodes.push(episode);
      groups.set(key, group);
    }
  }
  const inhibitor = new Inhibitor(config.inhibit_rules, episodes);
  return [...groups.values()]
    .flatMap((group) => new Group(config, group.leaf, inhibitor).run(group.episodes, until))
    .sort((one, other) => one.time - other.time);
}

/** Seconds until the first person is told of an alert that is alone in its group. */
export function firstWait({ route }: AlertmanagerConfig, labels: Labels): number {
  const people = leavesOf(route, labels).filter(({ receiver }) => !PROGRAM.test(receiver));
  return Math.min(...people.map(({ wait }) => wait));
}

/** One group of alerts of one route. Groups do not influence each other. */
class Group {
  private readonly log = new Map<Integration, Entry>();
  private readonly messages: Message[] = [];
  private readonly integrations: readonly Integration[];

  constructor(
    private readonly config: AlertmanagerConfig,
    private readonly leaf: Leaf,
    private readonly inhibitor: Inhibitor,
  ) {
    this.integrations = integrationsOf(config.receivers.find(({ name }) => name === leaf.receiver)!);
  }

  run(episodes: readonly Episode[], until: number): readonly Message[] {
    const waiting = [...episodes].sort((one, other) => one.start - other.start);
    const members = new Map<string, Episode>();
    while (waiting.length > 0) {
      for (let flush = waiting[0]!.start + this.leaf.wait; flush <= until; flush += this.leaf.interval) {
        while (waiting[0] && waiting[0].start <= flush) {
          const next = waiting.shift()!;
          members.set(keyOf(next.labels), next);
        }
        this.flush([...members.values()], flush);
        for (const [key, { end }] of members) {
          if (isOver(end, flush)) {
            members.delete(key);
          }
        }
        if (members.size === 0) {
          break;
        }
      }
      if (members.size > 0 || (waiting[0] && waiting[0].start + this.leaf.wait > until)) {
        break;
      }
    }
    return this.messages;
  }

  private flush(all: readonly Episode[], now: number): void {
    const members = all.filter(({ labels }) => !this.inhibitor.inhibits(labels, now));
    if (members.length === 0 || !this.isOpen(now)) {
      return;
    }
    const firing = members.filter(({ end }) => !isOver(end, now));
    const resolved = members.filter(({ end }) => isOver(end, now));
    const entry = { time: now, firing: keysOf(firing), resolved: keysOf(resolved) };
    for (const integration of this.integrations) {
      if (!this.isDue(this.log.get(integration), entry, integration)) {
        continue;
      }
      this.log.set(integration, entry);
      if (firing.length > 0 || integration.sendsResolved) {
        this.messages.push({
          time: now,
          receiver: this.leaf.receiver,
          integration: integration.kind,
          firing: firing.map(({ labels }) => labels),
          resolved: integration.sendsResolved ? resolved.map(({ labels }) => labels) : [],
        });
      }
    }
  }

  /** `DedupStage.needsUpdate` of Alertmanager. */
  private isDue(last: Entry | undefined, { time, firing, resolved }: Entry, { sendsResolved }: Integration): boolean {
    if (!last) {
      return firing.size > 0;
    }
    if (!isSubset(firing, last.firing)) {
      return true;
    }
    if (firing.size === 0) {
      return last.firing.size > 0;
    }
    return (sendsResolved && !isSubset(resolved, last.resolved)) || last.time < time - this.leaf.repeat;
  }

  private isOpen(now: number): boolean {
    const within = (name: string) =>
      isActive(this.config.time_intervals?.find((interval) => interval.name === name)?.time_intervals ?? [], now);
    return (this.leaf.activeIn.length === 0 || this.leaf.activeIn.some(within)) && !this.leaf.mutedIn.some(within);
  }
}

/** Which alerts are not notified because of others. */
class Inhibitor {
  private readonly sources: readonly (readonly Episode[])[];

  constructor(
    private readonly rules: readonly InhibitRule[],
    episodes: readonly Episode[],
  ) {
    this.sources = rules.map((rule) => episodes.filter(({ labels }) => matchesAll(rule.source_matchers, labels)));
  }

  inhibits(labels: Labels, now: number): boolean {
    return this.rules.some(
      (rule, index) =>
        matchesAll(rule.target_matchers, labels) &&
        this.sources[index]!.some(
          (source) =>
            source.start <= now &&
            !isOver(source.end, now) &&
            (rule.equal ?? []).every((label) => (source.labels[label] ?? '') === (labels[label] ?? '')) &&
            // An alert on both sides of the rule is not inhibited by another such alert.
            !(matchesAll(rule.source_matchers, labels) && matchesAll(rule.target_matchers, source.labels)),
        ),
    );
  }
}

function leavesOf(route: Route, labels: Labels, parent?: Leaf, position = ''): readonly Leaf[] {
  if (!matchesAll(route.matchers, labels)) {
    return [];
  }
  const leaf: Leaf = {
    path: position,
    receiver: route.receiver ?? parent!.receiver,
    groupBy: route.group_by ?? parent?.groupBy ?? [],
    wait: route.group_wait === undefined ? (parent?.wait ?? 30) : secondsOf(route.group_wait),
    interval: route.group_interval === undefined ? (parent?.interval ?? 300) : secondsOf(route.group_interval),
    repeat: route.repeat_interval === undefined ? (parent?.repeat ?? 14_400) : secondsOf(route.repeat_interval),
    // Routes do not inherit time intervals.
    activeIn: route.active_time_intervals ?? [],
    mutedIn: route.mute_time_intervals ?? [],
  };
  const found: Leaf[] = [];
  for (const [index, child] of (route.routes ?? []).entries()) {
    const leaves = leavesOf(child, labels, leaf, `${position}/${index}`);
    found.push(...leaves);
    if (leaves.length > 0 && !child.continue) {
      break;
    }
  }
  return found.length > 0 ? found : [leaf];
}

function groupOf({ groupBy }: Leaf, labels: Labels): string {
  return groupBy.includes('...') ? keyOf(labels) : JSON.stringify(groupBy.map((label) => labels[label] ?? ''));
}

function integrationsOf(receiver: Receiver): readonly Integration[] {
  return Object.entries(receiver).flatMap(([field, configs]) => {
    const kind = field.replace(/_configs$/, '');
    return kind === field || configs === undefined
      ? []
      : (configs as { send_resolved?: boolean }[]).map((config) => ({
          kind,
          sendsResolved: config.send_resolved ?? RESOLVE_BY_DEFAULT.includes(kind),
        }));
  });
}

function matchesAll(matchers: readonly string[] | undefined, labels: Labels): boolean {
  return (matchers ?? []).every((matcher) => isMatched(matcher, labels));
}

function keysOf(episodes: readonly Episode[]): ReadonlySet<string> {
  return new Set(episodes.map(({ labels }) => keyOf(labels)));
}

function isOver(end: number | undefined, now: number): boolean {
  return end !== undefined && end <= now;
}

function isSubset(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  return [...part].every((member) => whole.has(member));
}
