import type { AlertLinks, ExistingJobs, RuleCatalogue } from '../../rules';

/** The rule files of a catalogue, for the scrape jobs that exist when they are asked for. */
export class RenderedRules {
  /** Every file is asked for several times in a synthesis, and the jobs rarely differ. */
  private files: ReadonlyMap<string, string> = new Map();
  private renderedFor: string | undefined;

  constructor(
    private readonly catalogue: RuleCatalogue,
    private readonly links: AlertLinks,
  ) {}

  /** Text of a topic's file. A topic without a rule for these jobs is a file without groups. */
  contentOf(topic: string, jobs: ExistingJobs): string {
    const key = JSON.stringify(jobs);
    if (this.renderedFor !== key) {
      const rendered = this.catalogue.forJobs(jobs).render(this.links);
      this.files = new Map(rendered.map((file) => [file.topic, file.content]));
      this.renderedFor = key;
    }
    return this.files.get(topic) ?? 'groups: []\n';
  }
}
