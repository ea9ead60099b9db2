import { CatalogueError } from './catalogue-error';
import { type Contents, mapRules, withFiles } from './contents';
import { type JobNames, withJobNames, withoutJobs } from './jobs';
import { nearest } from './nearest';

/**
 * Topics that suit any cluster and application. Their rules read Kubernetes, exporters, and the parts of this platform.
 * All other topics in `rules/` are SightEdit's.
 */
export const GENERAL_TOPICS = [
  'alertmanager',
  'backups',
  'capacity',
  'certificates',
  'control-plane',
  'exporters',
  'kubernetes-api',
  'log-collector',
  'loki',
  'nodes',
  'postgres',
  'probes',
  'prometheus',
  'redis',
  'remediation',
  'traces',
  'volumes',
  'workloads',
] as const;
/** A topic of the general rules. */
export type GeneralTopic = (typeof GENERAL_TOPICS)[number];

/** Scrape jobs whose targets are SightEdit's own pods. */
const SIGHTEDIT_JOBS = ['sightedit-pods', 'sightedit-services'];

/** Names that general rules contain, as the rules have them. */
const SHIPPED_NAMES = {
  monitoringRole: 'sightedit_monitor',
  backupRole: 'sightedit_backup',
  backupCronJob: 'postgres-backup',
} as const;

/** Names in your cluster that the general rules read. */
export interface GeneralNames {
  /** Role of PostgreSQL that the exporter signs in as; its own connections and statements do not count. @default monitoring */
  readonly monitoringRole?: string;
  /** Role of PostgreSQL that takes backups; its long transactions do not count. @default backup */
  readonly backupRole?: string;
  /** CronJob that backs PostgreSQL up. @default - none: there are no alerts on backups */
  readonly backupCronJob?: string;
}

/** Options of `RuleCatalogue.general()`. */
export interface GeneralOptions {
  /** Topics to load. @default - every general topic; `backups` only with `names.backupCronJob` */
  readonly topics?: readonly GeneralTopic[];
  /** Your names of scrape jobs, by ours, e.g. `{ 'postgres-exporter': 'postgres' }`. @default - ours */
  readonly jobs?: JobNames;
  /** Names in your cluster that the rules read. */
  readonly names?: GeneralNames;
}

/**
 * The general part of the shipped rules.
 *
 * @throws CatalogueError for a topic or a job that does not exist, and for the topic `backups` without its CronJob
 */
export function generalContents(shipped: Contents, { topics, jobs, names = {} }: GeneralOptions): Contents {
  const known: readonly string[] = GENERAL_TOPICS;
  const problems = (topics ?? [])
    .filter((topic) => !known.includes(topic))
    .map((topic) => `topics names ${topic}: write ${nearest(topic, known).join(' or ')}`);
  if (topics?.includes('backups') && names.backupCronJob === undefined) {
    problems.push('the topic backups needs a CronJob: write names: { backupCronJob: … }, or leave the topic out');
  }
  if (problems.length > 0) {
    throw new CatalogueError(problems);
  }
  const wanted = (topics ?? known).filter((topic) => topic !== 'backups' || names.backupCronJob !== undefined);
  const selected = withFiles(
    shipped,
    shipped.files.filter(({ topic }) => wanted.includes(topic)),
    // They read SightEdit's lines.
    [],
  );
  const named = withNames(
    withoutJobs(selected, (job) => SIGHTEDIT_JOBS.includes(job)),
    names,
  );
  return jobs === undefined ? named : withJobNames(named, jobs);
}

function withNames(contents: Contents, names: GeneralNames): Contents {
  const { monitoringRole = 'monitoring', backupRole = 'backup', backupCronJob = SHIPPED_NAMES.backupCronJob } = names;
  const inText = (text: string) =>
    text
      .replaceAll('sightedit_(monitor|backup)', `${monitoringRole}|${backupRole}`)
      .replaceAll(SHIPPED_NAMES.monitoringRole, monitoringRole)
      .replaceAll(SHIPPED_NAMES.backupRole, backupRole)
      .replaceAll(SHIPPED_NAMES.backupCronJob, backupCronJob);
  return {
    ...contents,
    files: mapRules(contents.files, (rule) => {
      const expr = inText(rule.expr);
      return expr === rule.expr ? rule : { ...rule, expr };
    }),
    pages: new Map([...contents.pages].map(([page, text]) => [page, inText(text)])),
  };
}
