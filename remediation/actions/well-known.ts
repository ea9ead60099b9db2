/**
 * Public addresses that an attacker might name so that they are blocked: each serves many, or the platform itself. They
 * are never blocked. Metadata services (169.254.169.254, fd00:ec2::254, 100.100.100.200) are not on the Internet, so
 * they are never blocked anyway.
 */
export const WELL_KNOWN: readonly string[] = [
  // Cloudflare's resolvers. https://developers.cloudflare.com/1.1.1.1/ip-addresses/
  '1.1.1.0/30',
  '1.0.0.0/30',
  '2606:4700:4700::/64',
  // Google Public DNS. https://developers.google.com/speed/public-dns/docs/using
  '8.8.8.8/32',
  '8.8.4.4/32',
  '2001:4860:4860::/64',
  // Quad9. https://quad9.net/service/service-addresses-and-features/
  '9.9.9.8/30',
  '149.112.112.8/30',
  '149.112.112.112/32',
  '2620:fe::/64',
  // OpenDNS. https://www.opendns.com/setupguide/
  '208.67.222.222/32',
  '208.67.220.220/32',
  '2620:119:35::/64',
  '2620:119:53::/64',
  // Azure's platform: DNS, DHCP and health probes of load balancers.
  // https://learn.microsoft.com/en-us/azure/virtual-network/what-is-ip-address-168-63-129-16
  '168.63.129.16/32',
  // Google Cloud's health checks. https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges
  '35.191.0.0/16',
  '130.211.0.0/22',
  '209.85.152.0/22',
  '209.85.204.0/22',
  '2600:2d00:1:b029::/64',
  '2600:2d00:1:1::/64',
];
