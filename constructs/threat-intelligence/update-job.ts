import type { Construct } from 'constructs';
import { images, type Mount, SettingError } from '../kit';
import { ScheduledJob } from '../kit/scheduled-job';

/** Props of `addUpdateJob()`. */
export interface UpdateJobProps {
  readonly name: string;
  readonly schedule: string;
  readonly args: readonly string[];
  readonly user: number;
  readonly mounts: readonly Mount[];
}

/** Five fields of cron, or a macro such as `@hourly`. Kubernetes checks the numbers. */
const SCHEDULE = /^(@(hourly|daily|midnight|weekly|monthly|yearly|annually)|[\d*,/\-A-Za-z?]+( [\d*,/\-A-Za-z?]+){4})$/;

/** Time for all feeds together, and half the shortest usual interval. */
const DEADLINE_SECONDS = 900;

/**
 * The CronJob that downloads the feeds.
 *
 * @throws SettingError for a schedule that is none
 */
export function addUpdateJob(scope: Construct, id: string, props: UpdateJobProps): ScheduledJob {
  const { schedule } = props;
  if (!SCHEDULE.test(schedule)) {
    throw new SettingError('schedule', schedule, "write a schedule of cron, e.g. '17 * * * *' for every hour");
  }
  return new ScheduledJob(scope, id, {
    ...props,
    image: images.node,
    resources: { cpu: '25m', memory: '256Mi' },
    restartPolicy: 'Never',
    backoffLimit: 1,
    deadlineSeconds: DEADLINE_SECONDS,
  });
}
