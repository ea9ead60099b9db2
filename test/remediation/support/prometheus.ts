import type { Prometheus, Sample } from '../../../remediation/clients';

/** A Prometheus that answers what a test has told it to; it knows no other series. */
export class KnownPrometheus implements Prometheus {
  /** The queries that it was asked, oldest first. */
  readonly asked: string[] = [];
  /** @param firing labels of the alerts that fire */
  constructor(readonly firing: Sample['labels'][] = []) {}

  private readonly answers = new Map<string, readonly Sample[] | Error>();

  /** Gives a query its answer: the values of its series, or the error that it ends with. */
  answer(query: string, ...values: readonly number[] | readonly [Error]): void {
    const [first] = values;
    const samples = (values as readonly number[]).map((value) => ({ labels: {}, value }));
    this.answers.set(query, first instanceof Error ? first : samples);
  }

  async query(query: string): Promise<readonly Sample[]> {
    const known = this.answers.get(query);
    const isAboutAlert = query.startsWith('ALERTS{alertname="');
    if (isAboutAlert && !known) {
      return this.firing.map((labels) => ({ labels, value: 1 }));
    }
    this.asked.push(query);
    const answer = known ?? [];
    if (answer instanceof Error) {
      throw answer;
    }
    return answer;
  }

  queryAny(query: string): Promise<readonly Sample[]> {
    return this.query(query);
  }
}
