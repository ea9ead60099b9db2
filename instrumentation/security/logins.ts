import type { SharedState } from './shared-state';
import type { SecuritySeverity } from './types';

/** Where an address is. */
export interface Place {
  /** ISO 3166-1 code, e.g. `DE`. */
  readonly country: string;
  /** Degrees, for the check of impossible travel. @default - the check is skipped */
  readonly latitude?: number;
  /** Degrees. @default - the check is skipped */
  readonly longitude?: number;
}

/** Finds where an address is, e.g. in a GeoIP database. */
export type Locate = (address: string) => Place | undefined | Promise<Place | undefined>;

/** What is unusual about a login. */
export type LoginThreat = 'new_country' | 'new_device' | 'impossible_travel';

/** What a user's logins had in common. */
interface History {
  readonly countries: readonly string[];
  readonly devices: readonly string[];
  readonly last?: { readonly at: number; readonly latitude: number; readonly longitude: number };
}

const KEPT = 10;
const KEPT_SECONDS = 90 * 86_400;

/** An airliner flies 900 km/h. Places nearer than 100 km may be one place: GeoIP is not exact. */
const FASTEST_KMH = 900;
const NEAR_KM = 100;

/** Compares a login with the user's earlier ones, and remembers it. The first login of a user is never unusual. */
export async function loginThreats(
  state: SharedState,
  login: { readonly userId: string; readonly userAgent?: string; readonly place?: Place; readonly now: number },
): Promise<readonly LoginThreat[]> {
  const { userId, userAgent, place, now } = login;
  const history = parse(await state.read(`login:${userId}`));
  const device = deviceOf(userAgent);
  const threats: LoginThreat[] = [];
  if (place && history.countries.length > 0 && !history.countries.includes(place.country)) {
    threats.push('new_country');
  }
  if (device && history.devices.length > 0 && !history.devices.includes(device)) {
    threats.push('new_device');
  }
  if (isImpossible(history.last, place, now)) {
    threats.push('impossible_travel');
  }
  const known = (values: readonly string[], value: string | undefined) =>
    value === undefined ? values : [value, ...values.filter((each) => each !== value)].slice(0, KEPT);
  const last = hasPosition(place) ? { at: now, latitude: place.latitude, longitude: place.longitude } : history.last;
  const next: History = {
    countries: known(history.countries, place?.country.slice(0, 8)),
    devices: known(history.devices, device),
    last,
  };
  await state.write(`login:${userId}`, JSON.stringify(next), KEPT_SECONDS);
  return threats;
}

/** A new device alone is common, a new country less so. Two at once, or a journey that nobody can make, are neither. */
export function severityOf(threats: readonly LoginThreat[]): SecuritySeverity {
  if (threats.includes('impossible_travel') || threats.length > 1) {
    return 'high';
  }
  return threats.includes('new_country') ? 'medium' : 'low';
}

/** System and browser family, without versions: an update is no new device. */
function deviceOf(userAgent: string | undefined): string | undefined {
  if (!userAgent) {
    return undefined;
  }
  const text = userAgent.slice(0, 512);
  const first = (names: readonly string[]) => names.find((name) => text.includes(name)) ?? 'other';
  const system = first(['Windows', 'Android', 'iPhone', 'iPad', 'Mac OS', 'CrOS', 'Linux']);
  return `${system}/${first(['Edg', 'OPR', 'Firefox', 'Chrome', 'Safari', 'curl', 'python'])}`;
}

type Position = Required<Pick<Place, 'latitude' | 'longitude'>>;

function hasPosition(place: Place | undefined): place is Place & Position {
  return place?.latitude !== undefined && place.longitude !== undefined;
}

function isImpossible(last: History['last'], place: Place | undefined, now: number): boolean {
  if (!last || !hasPosition(place)) {
    return false;
  }
  const distance = kilometres(last, place);
  const hours = Math.max(now - last.at, 0) / 3_600_000;
  return distance > NEAR_KM && distance > hours * FASTEST_KMH;
}

/** Distance on the surface of the earth, by the haversine formula. */
function kilometres(one: Position, other: Position): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const half = (a: number, b: number) => Math.sin(radians(b - a) / 2) ** 2;
  const a =
    half(one.latitude, other.latitude) +
    Math.cos(radians(one.latitude)) * Math.cos(radians(other.latitude)) * half(one.longitude, other.longitude);
  return 2 * 6371 * Math.asin(Math.min(1, Math.sqrt(a)));
}

function parse(text: string | undefined): History {
  try {
    const { countries = [], devices = [], last } = JSON.parse(text ?? '{}') as Partial<History>;
    return { countries: [...countries], devices: [...devices], last };
  } catch {
    return { countries: [], devices: [] };
  }
}
