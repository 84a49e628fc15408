/** Time since a time stamp, as kubectl prints ages (`45s`, `3m12s`, `2h5m`, `3d4h`, `12d`). `<unknown>` without one. */
export function age(since: string | undefined, nowMs: number): string {
  if (!since) return '<unknown>';
  return duration(nowMs - Date.parse(since));
}

/** A length of time as kubectl prints it. Source: k8s.io/apimachinery/pkg/util/duration HumanDuration. */
export function duration(lengthMs: number): string {
  const seconds = Math.trunc(lengthMs / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`;
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return days < 2920 && days % 365 !== 0 ? `${years}y${days % 365}d` : `${years}y`;
}
