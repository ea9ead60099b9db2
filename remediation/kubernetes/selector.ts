/** A label selector that matches objects with all of these labels: `app=web,tier=front`. */
export function labelSelector(labels: { readonly [label: string]: string }): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join();
}
