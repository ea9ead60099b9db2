/** Names of the scrape jobs for an application's annotated Services and pods. */
export function applicationJobs(application: string) {
  return { services: `${application}-services`, pods: `${application}-pods` } as const;
}
